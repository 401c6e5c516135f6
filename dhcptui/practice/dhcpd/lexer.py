"""dhcpd's own way of reading dhcpd.conf, token by token: its complaints show the line just as far as it had read."""

from __future__ import annotations

from dataclasses import dataclass

END, STRING, NUMBER, NAME = "end of file", "string", "number", "name"
LONGEST_LINE = 80


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of the above, or the character itself. `column` is dhcpd's: mostly one too many."""

    kind: str
    text: str
    line: int
    column: int


class _Line:
    """A line as far as it has been read; dhcpd has two of them and uses them in turn."""

    def __init__(self) -> None:
        self.text = ""


class Lexer:
    """common/conflex.c: one token of look-ahead, and what has been read of the current and of the previous line."""

    def __init__(self, text: str, file: str, complaints: list[str]) -> None:
        self._text, self._file, self._said = text, file, complaints
        self._at, self._line, self._column = 0, 1, 1
        self._current, self._previous = _Line(), _Line()
        self._again = False
        self._peeked: Token | None = None
        self._shown = self._current
        self._last = Token(END, "", 1, 0)
        self.complaints = 0

    # -- tokens ----------------------------------------------------------------------------------------------------

    def next(self) -> Token:
        """Take the next token."""
        if self._peeked is not None:
            token, self._peeked = self._peeked, None
            if token.kind != END and token.line != self._last.line:
                self._shown = self._current
        else:
            token = self._raw()
            self._shown = self._current
        self._last = self._placed(token)
        return token

    def peek(self) -> Token:
        """Look at the next token."""
        if self._peeked is None:
            self._peeked = self._raw()
            if self._peeked.kind != END and self._peeked.line != self._last.line:
                self._shown = self._previous
        return self._peeked

    def _placed(self, token: Token) -> Token:
        """The end of the file has no place of its own: complaints show the token before."""
        return self._last if token.kind == END else token

    def _raw(self) -> Token:
        while True:
            line, column = self._line, self._column
            char = self._get()
            if char == "":
                return Token(END, "", line, column)
            if char.isspace():
                while char.isspace():
                    char = self._get()
                self._unget(char)
                continue
            if char == "#":
                while char not in {"", "\n"}:
                    char = self._get()
                continue
            if char == '"':
                return Token(STRING, self._string(), line, column)
            if char.isalnum() or char == "-":
                word = char
                while (char := self._get()) and (char.isalnum() or char in "-_" or (word.isdigit() and char == "x")):
                    word += char
                self._unget(char)
                return Token(NUMBER if word.isdigit() else NAME, word, line, column)
            return Token(char, char, line, column)

    def _string(self) -> str:
        found, escaped = "", False
        while (char := self._get()) != "":
            if char == '"' and not escaped:
                return found
            escaped = char == "\\" and not escaped
            found += char
        self.complain("eof in string constant")
        return found

    def _get(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += len(char)
        if self._again:
            self._again = False
        elif char == "\n":
            self._current, self._previous = self._previous, self._current
            self._current.text = ""
            self._line += 1
            self._column = 1
        elif char:
            if self._column <= LONGEST_LINE:
                self._current.text += char
            self._column += 1
        return char

    def _unget(self, char: str) -> None:
        if char:
            self._at -= 1
            self._again = True

    # -- complaints ------------------------------------------------------------------------------------------------

    def complain(self, text: str) -> None:
        """File, line, text; what was read of the line; a caret near the last token."""
        line, before = self._last.line, self._last.column - 1
        shown = self._shown.text
        self._said += [f"{self._file} line {line}: {text}", shown]
        if before < LONGEST_LINE:
            indent = "".join("\t" if char == "\t" else " " for char in shown[:before].ljust(before))
            self._said.append(f"{indent.expandtabs()}^")
        self.complaints += 1

    def skip(self, depth: int = 0) -> None:
        """To the end of the statement, or of the block in which one is `depth` deep."""
        while (token := self.peek()).kind != END:
            if token.kind == "}":
                depth = max(depth - 1, 0)
                if depth == 0:
                    self.next()
                    return
            elif token.kind == "{":
                depth += 1
            elif token.kind == ";" and depth == 0:
                self.next()
                return
            self.next()

    def semicolon(self) -> bool:
        """There has to be one."""
        if self.next().kind == ";":
            return True
        self.complain("semicolon expected.")
        self.skip()
        return False

    def refuse(self, text: str, depth: int = 0) -> None:
        """Complain, and skip the rest."""
        self.complain(text)
        self.skip(depth)

    # -- values ----------------------------------------------------------------------------------------------------

    def address(self, *, exact: bool = True) -> str | None:
        """Four numbers with dots between, or one number where not exact; None after a complaint (parse.c, parse_numeric_aggregate)."""
        parts: list[str] = []
        while len(parts) < 4:
            if parts:
                if self.peek().kind != ".":
                    token = self.next()
                    self.complain("too few numbers.")
                    if token.kind != ";":
                        self.skip()
                    return None
                self.next()
            token = self.next()
            if token.kind != NUMBER:
                self.complain("expecting numeric value.")
                if token.kind != ";":
                    self.skip()
                return None
            if not exact and not parts and self.peek().kind != ".":
                return token.text
            if int(token.text) > 255:
                self.complain(f"{token.text} exceeds max (255) for precision.")
            parts.append(str(min(int(token.text), 255)))
        return ".".join(parts)
