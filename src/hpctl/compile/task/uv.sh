#!/bin/bash
# Stands in for uv where the image has none, by what Python itself brings: `uv venv`, `uv pip`, `uv run`.
say() {
  echo "uv: $*" >&2
}

# The Python of a version where the image has it, else the image's own.
python_of() {
  local wanted=${1:-}
  if [ -n "$wanted" ] && type -P "python$wanted" >/dev/null; then
    type -P "python$wanted"
    return
  fi
  [ -z "$wanted" ] || [ -x "$wanted" ] || say "this image has no Python $wanted: its own is taken"
  if [ -n "$wanted" ] && [ -x "$wanted" ]; then echo "$wanted"; else type -P python3 || type -P python; fi
}

make_environment() {
  local python='' place='' seed=
  while (($#)); do
    case $1 in
      --python | -p) python=$2 && shift ;;
      --python=*) python=${1#*=} ;;
      --seed | -q | --quiet | --clear | --allow-existing) : ;;
      --system-site-packages) seed=$1 ;;
      -*) say "this stand-in does not know \`venv $1\`" && return 2 ;;
      *) place=$1 ;;
    esac
    shift
  done
  "$(python_of "$python")" -m venv $seed "${place:-.venv}"
}

install() {
  local python=${VIRTUAL_ENV:+$VIRTUAL_ENV/bin/python} words=()
  [ -n "$python" ] || [ ! -x .venv/bin/python ] || python=.venv/bin/python
  while (($#)); do
    case $1 in
      --system) python=$(python_of) ;;
      --python | -p) python=$(python_of "$2") && shift ;;
      --torch-backend) shift ;;
      --torch-backend=* | --no-progress) : ;;
      *) words+=("$1") ;;
    esac
    shift
  done
  "${python:-$(python_of)}" -m pip --disable-pip-version-check "${words[@]}"
}

run() {
  [ "${1:-}" != -- ] || shift
  case ${1:-} in
    '' | -*) say "this stand-in does not know \`run $1\`" && return 2 ;;
    *.py) set -- python "$@" ;;
  esac
  [ ! -d .venv/bin ] || PATH=$PWD/.venv/bin:$PATH
  exec "$@"
}

case ${1:-} in
  venv) shift && make_environment "$@" ;;
  pip) shift && install "$@" ;;
  run) shift && run "$@" ;;
  --version | -V) echo "uv 0.0.0 (a stand-in: python -m venv and pip)" ;;
  *)
    say "the image has no uv, and its stand-in knows venv, pip and run only, not \`${1:-}\`"
    exit 2
    ;;
esac
