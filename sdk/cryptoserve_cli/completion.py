"""``cryptoserve completion SHELL``: prints a script by which a shell completes commands and flags.

The script is made from the tables of the help, so it has the commands that are installed then. The shell itself
completes files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from cryptoserve_cli.command import Command, CommandFailed, Invocation
from cryptoserve_cli.flags import Flag, UsageError
from cryptoserve_cli.installed import command_names, find_command

Commands = Mapping[str, Command]


def _run(invocation: Invocation) -> int:
    (shell,) = invocation.flags.operands
    if shell not in SHELLS:
        raise UsageError(f"expected {', '.join(SHELLS)}, got {shell!r}")
    sys.stdout.write(SHELLS[shell](_commands()))
    return 0


def _commands() -> Commands:
    """The installed commands that can be loaded."""
    found = {}
    for name in command_names():
        try:
            found[name] = find_command(name)
        except CommandFailed:
            continue
    return found


def _flags(command: Command) -> list[str]:
    """Its flags as typed; those that take a value end in ``=``."""
    return [f"-{flag.name}{'=' if flag.takes_value else ''}" for flag in _all_flags(command)]


def _all_flags(command: Command) -> list[Flag]:
    """The flags of a command, or of all commands of a group."""
    by_name = {flag.name: flag for one in command.subcommands.values() for flag in _all_flags(one)}
    return [*command.flags, *by_name.values()]


def _bash(commands: Commands) -> str:
    cases = "".join(
        f"    {name}) flags='{' '.join(_flags(command))}' names='{' '.join(command.subcommands)}' ;;\n"
        for name, command in commands.items()
    )
    return f"""# bash completion of cryptoserve: eval "$(cryptoserve completion bash)"
_cryptoserve() {{
  local line=${{COMP_LINE:0:COMP_POINT}} flags= names=
  local word=${{line##*[[:space:]]}}
  local words
  read -ra words <<< "$line"
  COMPREPLY=()
  if [[ ${{#words[@]}} -lt 2 || ( ${{#words[@]}} -eq 2 && -n $word ) ]]; then
    mapfile -t COMPREPLY < <(compgen -W '{" ".join(commands)}' -- "$word")
    return
  fi
  case ${{words[1]}} in
{cases}  esac
  case $word in
    -*=*) mapfile -t COMPREPLY < <(compgen -f -- "${{word#*=}}") ;;
    -*)
      compopt -o nospace
      mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
      ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$names" -- "$word"; compgen -f -- "$word") ;;
  esac
}}
complete -o filenames -F _cryptoserve cryptoserve
"""


def _zsh(commands: Commands) -> str:
    told = "\n".join(f"    {_quoted(f'{name}:{command.help}')}" for name, command in commands.items())
    cases = []
    for name, command in commands.items():
        specs = " ".join(
            _quoted(f"*-{flag.name}{'=' if flag.takes_value else ''}[{_bracketed(flag.help)}]"
                    f"{':value:_files' if flag.takes_value else ''}")
            for flag in _all_flags(command)
        )  # fmt: skip
        cases.append(f"    {name}) _arguments {specs}{_first(command)} '*:file:_files' ;;\n")
    return f"""#compdef cryptoserve
# zsh completion of cryptoserve: eval "$(cryptoserve completion zsh)"
_cryptoserve() {{
  local -a commands=(
{told}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
{"".join(cases)}  esac
}}
if [[ $funcstack[1] = _cryptoserve ]]; then
  _cryptoserve "$@"
else
  compdef _cryptoserve cryptoserve
fi
"""


def _fish(commands: Commands) -> str:
    lines = ["# fish completion of cryptoserve: cryptoserve completion fish | source"]
    for name, command in commands.items():
        lines.append(f"complete -c cryptoserve -n __fish_use_subcommand -f -a {name} -d {_quoted(command.help)}")
        for subcommand, one in command.subcommands.items():
            seen = f"-n '__fish_seen_subcommand_from {name}'"
            lines.append(f"complete -c cryptoserve {seen} -a {subcommand} -d {_quoted(one.help)}")
        for flag in _all_flags(command):
            takes = " -r" if flag.takes_value else ""
            lines.append(
                f"complete -c cryptoserve -n '__fish_seen_subcommand_from {name}' -o {flag.name}{takes}"
                f" -d {_quoted(flag.help)}"
            )
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """``text`` as one word of any of the shells; quotes are removed, since no shell takes one within quotes."""
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"


def _first(command: Command) -> str:
    """The names of a group's commands as a specification of ``_arguments``."""
    return f" '1:command:({' '.join(command.subcommands)})'" if command.subcommands else ""


def _bracketed(text: str) -> str:
    """``text`` as a description for ``_arguments``, in which brackets and colons are special."""
    return text.replace("[", "(").replace("]", ")").replace(":", "\\:")


SHELLS: Mapping[str, Callable[[Commands], str]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}

COMMAND = Command("Print a script that completes commands and flags", _run, operands=("SHELL",),
                  more=f"SHELL is {', '.join(SHELLS)}.")  # fmt: skip
