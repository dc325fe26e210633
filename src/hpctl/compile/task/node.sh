# What the scripts of a job on Slurm find on each of its nodes; sourced with `hpctl_folder`, the folder of the job, and
# `HPCTL_NODE_RANK` set.
#
# Its own names begin with hpctl_, for the user's variables are in the same environment and must stay as they are.
hpctl_here=$hpctl_folder/job
. "$hpctl_here/settings.sh"
. "$hpctl_here/prepare.sh"

hpctl_say() {
  echo "hpctl: $*" >&2
}

hpctl_now() {
  local at=${EPOCHREALTIME:-$(date +%s)}
  printf '%s' "${at/,/.}"
}

# The job's own variables, to the letter.
hpctl_variables() {
  . "$hpctl_folder/env"
  [ ! -f "$hpctl_folder/secrets" ] || . "$hpctl_folder/secrets"
}

# What a script may rely on; `HPCTL_HOSTS` are the addresses of the nodes by rank.
hpctl_outfit() {
  # srun hands on what the first node is called.
  export HOSTNAME=${SLURMD_NODENAME:-$HOSTNAME}
  # A task of SkyPilot's has a home of its own, as it has in a pod.
  [ "$hpctl_contract" != skypilot ] || export HOME=$hpctl_folder/home
  hpctl_variables
  . "$hpctl_here/fabric.sh"
  case $hpctl_contract in
    skypilot)
      hpctl_tools
      mkdir -p ~/sky_workdir "$HOME/sky_logs/${hpctl_task_id%%_*}/tasks"
      ;;
    training)
      export HPCTL_WORKDIR=$hpctl_folder/$hpctl_place
      hpctl_rendezvous
      ;;
  esac
}
