#!/bin/bash
# The first process of a job's container: prepares the pod, then runs the job's scripts.
#
# Its own names begin with hpctl_, for the user's variables are in the same environment and must stay as they are.
hpctl_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$hpctl_here/settings.sh"
. "$hpctl_here/prepare.sh"

hpctl_say() {
  echo "hpctl: $*" >&2
}

# What went wrong first, where `kubectl describe` and hpctl find it.
hpctl_tell_failure() {
  # With microseconds, for several nodes of a training fail within one second.
  local line="hpctl: first failure: rank=$HPCTL_NODE_RANK phase=$1 exit=$2" at=${EPOCHREALTIME:-$(date +%s)}
  echo "$line" >&2
  [ ! -w /dev/termination-log ] || printf '%s\n' "$line" "at=${at/,/.}" >/dev/termination-log
}

hpctl_give_up() {
  hpctl_say "$1"
  # The other nodes of a task wait for this one: they are told.
  if hpctl_is_shared && [ -z "${HPCTL_START_CODE:-}" ]; then
    export HPCTL_START_CODE=${2:-1}
    hpctl_together
  fi
  hpctl_tell_failure start "${2:-1}"
  exit "${2:-1}"
}

hpctl_is_shared() {
  [ "$hpctl_contract" = skypilot ] && ((hpctl_nodes > 1))
}

# Prints the processes of a script: those of its session, and of its group where the image has no setsid. An interactive
# bash puts what it starts into groups of its own.
hpctl_members() {
  local file line fields
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    # After the name in parentheses: state, parent, group, session (proc(5)).
    fields=(${line##*) })
    [ "${fields[0]}" = Z ] || { [ "${fields[2]}" != "$1" ] && [ "${fields[3]}" != "$1" ]; } || echo "${line%% *}"
  done
}

# Ends a script: politely, then for good, so that it is over before the pod's 30 s of grace are.
hpctl_end() {
  local left=80
  [ -f "$HPCTL_STATE/begun" ] || [ "$hpctl_contract" != skypilot ] || left=0
  kill -TERM $(hpctl_members "$1") 2>/dev/null
  while [ -n "$(hpctl_members "$1")" ] && ((left--)); do sleep 0.25; done
  kill -KILL $(hpctl_members "$1") 2>/dev/null
}

# Runs one script in a session of its own and returns how it ended.
hpctl_phase() {
  local code alone=
  [ -f "$hpctl_here/$1" ] || return 0
  # The script tells by it that it heeds SIGTERM: an interactive bash does not from its first moment.
  rm -f "$HPCTL_STATE/begun"
  alone=$(type -P setsid) || set -m
  $alone /bin/bash "$hpctl_here/phase.sh" "$1" </dev/null &
  hpctl_child=$!
  set +m
  wait "$hpctl_child"
  code=$?
  # A signal ends `wait` before the script ends: the trap has seen to it by then.
  [ -z "$hpctl_ending" ] || code=143
  hpctl_child=
  return "$code"
}

hpctl_alone() {
  local phase code
  hpctl_watch
  for phase in setup run; do
    hpctl_phase "$phase"
    code=$?
    if ((code != 0)); then
      hpctl_tell_failure "$phase" "$code"
      exit "$code"
    fi
  done
  hpctl_stay
  exit 0
}

# The training operator starts a worker only once it finds rank 0 by name, and a pod that has ended has no name: rank 0
# of a PyTorchJob stays until all workers have said to it that they have begun.
hpctl_watch() {
  local python
  hpctl_began=$(date +%s) hpctl_watcher='' hpctl_patience=600
  [ -n "${hpctl_operated:-}" ] && ((hpctl_nodes > 1)) || return 0
  if ((HPCTL_NODE_RANK == 0)); then
    python=$(hpctl_python) || return 0
    hpctl_copy_agent
    HPCTL_NODES=$hpctl_nodes "$python" -I -S -c "$hpctl_loader" "$HPCTL_STATE" attendance &
  else
    # Without a Python on rank 0 nobody listens there.
    hpctl_patience=15
    hpctl_announce &
  fi
  hpctl_watcher=$!
  trap 'kill "$hpctl_watcher" 2>/dev/null' EXIT
}

# Again and again, for a rank 0 whose container is started anew has forgotten who was there.
hpctl_announce() {
  while :; do
    ! (echo "$HPCTL_NODE_RANK" >"/dev/tcp/$MASTER_ADDR/46590") 2>/dev/null || : >"$HPCTL_STATE/heard"
    if [ -f "$HPCTL_STATE/heard" ]; then sleep 30; else sleep 0.5; fi
  done
}

hpctl_stay() {
  local told since
  while [ -n "$hpctl_watcher" ] && [ ! -f "$HPCTL_STATE/heard" ] && kill -0 "$hpctl_watcher" 2>/dev/null; do
    since=$(($(date +%s) - hpctl_began))
    ((since < hpctl_patience)) || return 0
    if ((since > 30)) && [ -z "${told:-}" ]; then
      hpctl_say "rank 0 waits until all of $hpctl_nodes nodes have begun"
      told=yes
    fi
    sleep 0.2
  done
}

hpctl_copy_agent() {
  local code
  mkdir -p "$HPCTL_STATE/agent"
  for code in "$hpctl_here"/agent.*.py; do cp "$code" "$HPCTL_STATE/agent/${code##*/agent.}"; done
}

# Several nodes of a task: an agent on each, and on the first one the coordinator that they ask.
hpctl_together() {
  local python code
  export HPCTL_SCRIPTS=$hpctl_here HPCTL_RETRIES=$hpctl_retries
  python=$(hpctl_python) || hpctl_give_up "a task of several nodes needs Python 3.7 or later in its image" 127
  hpctl_copy_agent
  if ((HPCTL_NODE_RANK == 0)); then
    "$python" -I -S -c "$hpctl_loader" "$HPCTL_STATE" coordinator &
    hpctl_coordinator=$!
  fi
  "$python" -I -S -c "$hpctl_loader" "$HPCTL_STATE" member &
  hpctl_child=$! hpctl_agents=yes
  # A signal ends `wait` before the agent ends.
  while kill -0 "$hpctl_child" 2>/dev/null; do wait "$hpctl_child"; done
  wait "$hpctl_child"
  code=$?
  # The others still hear from the coordinator how it ended.
  [ -z "${hpctl_coordinator:-}" ] || wait "$hpctl_coordinator"
  exit "$code"
}

# Isolated: a Python of the image is used whatever PYTHONPATH, PYTHONHOME or the working directory hold.
hpctl_loader='
import sys
sys.path.insert(0, sys.argv.pop(1))
sys.dont_write_bytecode = True
from importlib import import_module
sys.exit(import_module("agent." + sys.argv.pop(1)).main())
'

hpctl_on_term() {
  hpctl_ending=yes
  [ -n "$hpctl_child" ] || exit 143
  if [ -n "${hpctl_agents:-}" ]; then kill -TERM "$hpctl_child"; else hpctl_end "$hpctl_child"; fi
}

hpctl_ending=
hpctl_child=
trap hpctl_on_term TERM INT
hpctl_prepare
! hpctl_is_shared || hpctl_together
hpctl_alone
