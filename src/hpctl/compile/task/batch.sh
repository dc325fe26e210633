# What the sbatch script of a job does around its one `srun`, on the job's first node; sourced by it.
. "$hpctl_folder/job/node.sh"

# Runs what it is given on every node, again where `resume` allows it, and tells in `ended` how it went.
hpctl_run() {
  local code
  [ ! -d /opt/slurm/bin ] || PATH=/opt/slurm/bin:$PATH
  rm -f "$hpctl_folder/ended"
  trap 'hpctl_end $?' EXIT
  trap hpctl_on_term TERM INT
  # One process a node starts all others: it must not be bound to one core. Where nothing is bound, to say so is a
  # warning.
  ! scontrol show config | grep -Eq '^TaskPlugin .*affinity' || export SLURM_CPU_BIND=none
  hpctl_addresses
  hpctl_copy_all
  while :; do
    hpctl_attempt "$@"
    code=$?
    ((code != 0)) && [ -z "$hpctl_told" ] && hpctl_again || exit "$code"
  done
}

hpctl_attempt() {
  local code
  export HPCTL_ATTEMPT=$SLURM_JOB_ID.${SLURM_RESTART_COUNT:-0}.$hpctl_tries
  hpctl_marks=$hpctl_folder/state/$HPCTL_ATTEMPT
  mkdir -p "$hpctl_marks" || return
  "$@" /bin/bash "$hpctl_folder/job/rank.sh" "$hpctl_folder" &
  hpctl_child=$!
  [ -z "$hpctl_told" ] || kill -TERM "$hpctl_child"
  # A signal ends `wait` before srun ends.
  while kill -0 "$hpctl_child" 2>/dev/null; do wait "$hpctl_child"; done
  wait "$hpctl_child"
  code=$?
  hpctl_first_failure
  # Of the exit codes of its ranks srun returns the highest: what counts is the one that came first.
  ((code == 0)) || [ -z "$hpctl_code" ] || code=$hpctl_code
  return "$code"
}

# How often it has begun again is kept where a requeue finds it.
hpctl_again() {
  local done=0
  { read -r done <"$hpctl_folder/state/again"; } 2>/dev/null
  ((done < hpctl_retries)) || return 1
  echo $((done + 1)) >"$hpctl_folder/state/again"
  hpctl_tries=$((hpctl_tries + 1))
  hpctl_say "starting again ($((done + 1)) of $hpctl_retries)"
}

# Of all ranks that failed by themselves the one that did so first.
hpctl_first_failure() {
  local file rank phase code at first=
  hpctl_rank= hpctl_phase= hpctl_code=
  for file in "$hpctl_marks"/failed-*; do
    { read -r rank phase code at <"$file"; } 2>/dev/null || continue
    [ -z "$first" ] || [[ $at < $first ]] || continue
    first=$at hpctl_rank=$rank hpctl_phase=$phase hpctl_code=$code
  done
  [ -z "$first" ] || hpctl_say "first failure: rank=$hpctl_rank phase=$hpctl_phase exit=$hpctl_code"
}

# The addresses of the nodes in the order of their ranks.
hpctl_addresses() {
  local host
  HPCTL_HOSTS=
  for host in $(scontrol show hostnames "$SLURM_JOB_NODELIST"); do
    HPCTL_HOSTS="${HPCTL_HOSTS:+$HPCTL_HOSTS }$(hpctl_address "$host")"
  done
  export HPCTL_HOSTS
  # For commands that are run beside the ranks: their steps know their own node only.
  echo "$HPCTL_HOSTS" >"$hpctl_folder/state/hosts"
}

hpctl_address() {
  local told found
  told=$(scontrol -o show node "$1" | grep -Eo ' NodeAddr=[^ ]+')
  told=${told#*=}
  case ${told:=$1} in
    *[!0-9.]*) found=$(getent ahostsv4 "$told") || found=$(getent ahosts "$told") || found=$told ;;
    *) found=$told ;;
  esac
  printf '%s' "${found%%[[:space:]]*}"
}

# Copies from S3, once: all nodes find them in the shared folder.
hpctl_copy_all() {
  [ -s "$hpctl_folder/job/copies" ] && [ ! -f "$hpctl_folder/state/copied" ] || return 0
  (
    hpctl_variables
    hpctl_has aws || { hpctl_say "copies from S3 need the AWS CLI on the nodes, and there is no \`aws\`" && exit 127; }
    while read -r uri place; do
      hpctl_copy_one "$uri" "$place" || { hpctl_say "\`$uri\` cannot be copied to \`$place\`" && exit 1; }
    done <"$hpctl_folder/job/copies"
  ) || exit
  : >"$hpctl_folder/state/copied"
}

hpctl_demand_containers() {
  srun --help 2>&1 | grep -q -- --container-image && return 0
  hpctl_say "the job has an image, and this Slurm has no pyxis: srun knows no --container-image"
  trap 'hpctl_end $?' EXIT
  exit 1
}

hpctl_on_term() {
  hpctl_told=yes
  [ -z "$hpctl_child" ] || kill -TERM "$hpctl_child" 2>/dev/null
}

hpctl_end() {
  trap - EXIT
  # Slurm may start the job again, which then needs its secrets; what ends it for good removes them.
  [ -n "$hpctl_told" ] && ((hpctl_retries > 0)) || rm -f "$hpctl_folder/secrets"
  {
    echo "exit=$1"
    echo "at=$(hpctl_now)"
    [ -z "$hpctl_rank" ] || printf 'rank=%s\nphase=%s\n' "$hpctl_rank" "$hpctl_phase"
    [ -z "$hpctl_told" ] || echo "told=TERM"
    echo "restart=${SLURM_RESTART_COUNT:-0}"
  } >"$hpctl_folder/.ended" && mv -f "$hpctl_folder/.ended" "$hpctl_folder/ended"
  exit "$1"
}

hpctl_child= hpctl_told= hpctl_tries=0 hpctl_rank= hpctl_phase= hpctl_code=
