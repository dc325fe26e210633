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
  local line="hpctl: first failure: rank=$HPCTL_NODE_RANK phase=$1 exit=$2"
  hpctl_write_down "$line"
  echo "$line" >&2
}

hpctl_write_down() {
  local at=${EPOCHREALTIME:-$(date +%s)}
  [ ! -w /dev/termination-log ] || printf '%s\n' "$1" "at=${at/,/.}" >/dev/termination-log
}

hpctl_give_up() {
  hpctl_say "$1"
  # The other nodes of a task wait for this one: they are told.
  if hpctl_is_shared && [ -z "${HPCTL_START_CODE:-}" ]; then
    export HPCTL_START_CODE=${2:-1}
    hpctl_together
  fi
  hpctl_fail start "${2:-1}"
}

# A failure of this node's own.
hpctl_fail() {
  hpctl_tell_failure "$1" "$2"
  if [ "$hpctl_failure" = alone ]; then hpctl_report away "$2"; else hpctl_report "$1" "$2"; fi
  if [ "$hpctl_failure" = restarts ] && [ -n "$hpctl_watched" ]; then
    # For all to be started again at about the same time: the others end a little later.
    sleep 8 &
    wait $!
  fi
  exit "$2"
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
  $alone /bin/bash "$hpctl_here/phase.sh" "$1" </dev/null 8>&- &
  hpctl_child=$!
  set +m
  # The signal may have come before there was a child to end.
  [ -z "$hpctl_ending" ] || hpctl_end "$hpctl_child"
  wait "$hpctl_child"
  code=$?
  # A signal ends `wait` before the script ends: the trap has seen to it by then.
  [ -z "$hpctl_ending" ] || code=143
  hpctl_child=
  return "$code"
}

hpctl_alone() {
  local phase code
  for phase in setup run; do
    [ -n "$hpctl_ending" ] || hpctl_phase "$phase"
    code=$?
    [ -z "$hpctl_ending" ] || hpctl_ended "$phase"
    ((code == 0)) || hpctl_fail "$phase" "$code"
  done
  hpctl_stay
  hpctl_report run 0
  exit 0
}

# Somebody has ended this node's script: because another node has failed, or for a reason of the cluster's.
hpctl_ended() {
  local rank phase code line
  if { read -r rank phase code <"$HPCTL_STATE/stopped"; } 2>/dev/null; then
    hpctl_say "ended because rank $rank failed"
    line="hpctl: ended because rank $rank failed"$'\n'"hpctl: first failure: rank=$rank phase=$phase exit=$code"
    hpctl_write_down "$line"
    # Ranks that begin only now hear of it too.
    [ -z "$hpctl_coordinator" ] || wait "$hpctl_coordinator"
    exit 137
  fi
  hpctl_report away 143
  hpctl_say "told to end (SIGTERM) during $1"
  hpctl_write_down "hpctl: told to end (SIGTERM) during $1"
  exit 143
}

# Lets the ranks of a training hear of each other, where rank 0 can be found. Nothing of it is needed for the training.
hpctl_watch() {
  local python listen=
  ((hpctl_nodes > 1)) && [ -n "${HPCTL_HOSTS:-}${hpctl_operated:-}" ] && python=$(hpctl_python) || return 0
  hpctl_copy_agent
  rm -f "$HPCTL_STATE/heard" "$HPCTL_STATE/stopped" "$HPCTL_STATE/told"
  export HPCTL_SCRIPTS=$hpctl_here HPCTL_FAILURE=$hpctl_failure HPCTL_START=$$ HPCTL_NODES=$hpctl_nodes
  export HPCTL_FIRST=${HPCTL_HOSTS:-$MASTER_ADDR}
  HPCTL_FIRST=${HPCTL_FIRST%% *}
  if ((HPCTL_NODE_RANK == 0)); then
    HPCTL_FIRST=127.0.0.1
    ! hpctl_is_guest || HPCTL_FIRST=$HPCTL_POD_IP listen=$HPCTL_POD_IP
    HPCTL_LISTEN=$listen "$python" -I -S -c "$hpctl_loader" "$HPCTL_STATE" attendance &
    hpctl_coordinator=$!
    trap 'kill "$hpctl_coordinator" 2>/dev/null' EXIT
  fi
  exec 8> >(hpctl_stand_by "$python")
  hpctl_watched=yes
  export -n HPCTL_SCRIPTS HPCTL_FAILURE HPCTL_START HPCTL_NODES HPCTL_FIRST
}

hpctl_stand_by() {
  local try
  trap - EXIT TERM INT USR1
  for try in 1 2 3; do
    ! "$1" -I -S -c "$hpctl_loader" "$HPCTL_STATE" peer || break
    sleep 1
  done
  : >"$HPCTL_STATE/told"
}

# Tells rank 0 how this rank has ended, and stays until it has heard it, or cannot be reached. Rank 0 itself stays until
# the others have heard.
hpctl_report() {
  local left=200
  [ -n "$hpctl_watched" ] || return 0
  (echo "$1 $2" >&8) 2>/dev/null
  while [ ! -f "$HPCTL_STATE/told" ] && ((left--)); do sleep 0.1; done
  [ "$1" = away ] || [ -z "$hpctl_coordinator" ] || wait "$hpctl_coordinator"
}

# The training operator starts a worker only once it finds rank 0 by name, and a pod that has ended has no name: rank 0
# of a PyTorchJob stays until all workers have begun.
hpctl_stay() {
  local told='' since began=$SECONDS
  [ -n "$hpctl_coordinator" ] && [ -n "${hpctl_operated:-}" ] || return 0
  while [ ! -f "$HPCTL_STATE/heard" ] && kill -0 "$hpctl_coordinator" 2>/dev/null; do
    [ -z "$hpctl_ending" ] || hpctl_ended run
    since=$((SECONDS - began))
    ((since < 600)) || return 0
    if ((since > 30)) && [ -z "$told" ]; then
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
  [ -n "$hpctl_child" ] || [ -n "$hpctl_watched" ] || exit 143
  if [ -n "${hpctl_agents:-}" ]; then
    kill -TERM "$hpctl_child"
  elif [ -n "$hpctl_child" ]; then
    hpctl_end "$hpctl_child"
  fi
}

hpctl_ending=
hpctl_child=
hpctl_coordinator=
hpctl_watched=
# SIGUSR1 comes from beside: another rank has failed.
trap hpctl_on_term TERM INT USR1
hpctl_prepare
! hpctl_is_shared || hpctl_together
hpctl_alone
