# What a pod needs before its scripts run; sourced by start.sh.

hpctl_prepare() {
  [ -n "${HOME:-}" ] || export HOME=$(cd ~ && pwd)
  # JOB_COMPLETION_INDEX is the Job controller's, the others are the training operator's. HyperPod's tells none, and
  # its pods' names end in their index.
  export HPCTL_NODE_RANK=${JOB_COMPLETION_INDEX:-${PET_NODE_RANK:-${RANK:-${HPCTL_POD_NAME##*-}}}}
  export HPCTL_NODE_RANK=${HPCTL_NODE_RANK:-0}
  hpctl_state_folder
  case $hpctl_contract in
    skypilot)
      hpctl_tools
      mkdir -p ~/sky_workdir "$HOME/sky_logs/${hpctl_task_id%%_*}/tasks" || hpctl_give_up "the home folder is not writable"
      hpctl_unpack
      hpctl_copy
      hpctl_keep_environment
      hpctl_mesh
      ;;
    training)
      # The container's working directory, which its volume is mounted at.
      export HPCTL_WORKDIR=$PWD
      hpctl_rendezvous
      hpctl_watch
      hpctl_unpack
      hpctl_copy
      ;;
  esac
}

# Where pods share a machine's address they share its files too: nothing is changed there but the home.
hpctl_is_guest() {
  case ${HPCTL_POD_IP:-} in
    127.* | ::1) return 0 ;;
  esac
  return 1
}

hpctl_state_folder() {
  export HPCTL_STATE=/run/job
  ! hpctl_is_guest || export HPCTL_STATE=$HOME/.job
  mkdir -p "$HPCTL_STATE" 2>/dev/null || export HPCTL_STATE=/tmp/job-$UID
  mkdir -p "$HPCTL_STATE" && chmod 700 "$HPCTL_STATE" || hpctl_give_up "neither /run nor /tmp is writable"
  [ -z "${HPCTL_POD_IP:-}" ] || echo "$HPCTL_POD_IP" >"$HPCTL_STATE/ips"
}

# bash tells of a file too that may not be run.
hpctl_has() {
  local found
  found=$(type -P "$1") && [ -x "$found" ]
}

# Stand-ins for programs that task files take for granted: last on PATH, so that the image's own win.
hpctl_tools() {
  local tool
  mkdir -p "$HPCTL_STATE/bin"
  for tool in "$hpctl_here"/tool.*; do
    cp "$tool" "$HPCTL_STATE/bin/${tool##*/tool.}"
    chmod 755 "$HPCTL_STATE/bin/${tool##*/tool.}"
  done
  export PATH="$PATH:$HPCTL_STATE/bin"
}

# `~` is the home of the container's user.
hpctl_place() {
  case $1 in
    "~") printf '%s' "$HOME" ;;
    "~/"*) printf '%s' "$HOME/${1#"~/"}" ;;
    /workdir | /workdir/*) printf '%s' "${HPCTL_WORKDIR:-/workdir}${1#/workdir}" ;;
    *) printf '%s' "$1" ;;
  esac
}

hpctl_may_write() {
  ! hpctl_is_guest || case $1 in
    "$HOME" | "$HOME"/* | "${HPCTL_WORKDIR:-$HOME}"*) ;;
    *) hpctl_give_up "\`$1\` is the machine's own: this pod has no files of its own" ;;
  esac
}

hpctl_unpack() {
  local index sum place
  [ -s "$hpctl_here/archives" ] || return 0
  hpctl_has tar && hpctl_has gzip || hpctl_give_up "the image has no tar and gzip: files cannot be unpacked" 127
  while read -r index sum place; do
    place=$(hpctl_place "$place")
    hpctl_may_write "$place"
    mkdir -p "$place" || hpctl_give_up "\`$place\` cannot be made"
    cat "$hpctl_here/files/$index"/* >"$HPCTL_STATE/archive" || hpctl_give_up "files for \`$place\` are not there"
    if hpctl_has sha256sum && ! echo "$sum  $HPCTL_STATE/archive" | sha256sum --status -c -; then
      hpctl_give_up "files for \`$place\` are damaged"
    fi
    tar -xzf "$HPCTL_STATE/archive" -C "$place" --no-same-owner || hpctl_give_up "files for \`$place\` cannot be unpacked"
    rm -f "$HPCTL_STATE/archive"
  done <"$hpctl_here/archives"
}

# Copies from S3, by the image's own AWS CLI and the pod's own credentials.
hpctl_copy() {
  local uri place
  [ -s "$hpctl_here/copies" ] || return 0
  hpctl_has aws || hpctl_give_up "copies from S3 need the AWS CLI in the image, and there is no \`aws\`" 127
  while read -r uri place; do
    place=$(hpctl_place "$place")
    hpctl_may_write "$place"
    hpctl_copy_one "$uri" "$place" || hpctl_give_up "\`$uri\` cannot be copied to \`$place\`"
  done <"$hpctl_here/copies"
}

hpctl_copy_one() {
  local rest=${1#s3://} bucket key
  bucket=${rest%%/*} key=${rest#"$bucket"}
  key=${key#/}
  if [ -n "$key" ] && [ "${key%/}" = "$key" ] && aws s3api head-object --bucket "$bucket" --key "$key" >/dev/null 2>&1; then
    mkdir -p "$(dirname "$2")" && aws s3 cp --only-show-errors "$1" "$2"
  else
    mkdir -p "$2" && aws s3 sync --only-show-errors "$1" "$2"
  fi
}

# What the image and the pod have set is there in ssh sessions and login shells too; secrets are not.
hpctl_keep_environment() {
  (
    umask 077
    unset PWD OLDPWD SHLVL TERM HPCTL_POD_IP HPCTL_HOSTS
    while read -r name; do unset "$name"; done <"$hpctl_here/secret-names"
    export -p
  ) >"$HPCTL_STATE/environment" 2>/dev/null
  hpctl_is_guest || [ ! -w /etc/profile.d ] || cp "$HPCTL_STATE/environment" /etc/profile.d/container_environment.sh
}

# ssh between all nodes, by IP, without passwords: a key pair of this pod's own, whose public half the others are told.
hpctl_mesh() {
  local sshd talk folder=$HPCTL_STATE/ssh
  if hpctl_is_guest; then
    hpctl_no_ssh "this pod has no address of its own"
    return 0
  fi
  sshd=$(PATH=$PATH:/usr/sbin:/usr/local/sbin type -P sshd)
  if [ ! -x "$sshd" ] || ! hpctl_has ssh-keygen; then
    hpctl_no_ssh "this image has no sshd (openssh-server)"
    return 0
  fi
  mkdir -p -m 700 "$folder" ~/.ssh
  if ! hpctl_key "$folder/key" || ! hpctl_key "$folder/host_key"; then
    hpctl_no_ssh "$(cat "$folder/error")"
    return 0
  fi
  cp "$folder/key.pub" "$folder/authorized_keys"
  hpctl_ssh_client "$folder"
  hpctl_sshd_settings "$folder" >"$folder/sshd_config"
  mkdir -p -m 755 /run/sshd 2>/dev/null
  # What goes wrong is told where somebody needs it.
  ((hpctl_nodes == 1)) && talk= || talk=-e
  "$sshd" -D $talk -f "$folder/sshd_config" &
  ((hpctl_nodes == 1)) || hpctl_listening $! || hpctl_no_ssh "sshd does not listen on port 22"
}

# One node alone has nobody to reach.
hpctl_no_ssh() {
  ((hpctl_nodes == 1)) || hpctl_say "$1: no ssh between the nodes"
}

hpctl_key() {
  local kind
  # Where policy forbids Ed25519 (FIPS), ECDSA does.
  for kind in ed25519 ecdsa; do
    [ -f "$1" ] || ssh-keygen -q -t "$kind" -N '' -C "rank-$HPCTL_NODE_RANK" -f "$1" 2>"$HPCTL_STATE/ssh/error"
  done
  [ -f "$1" ]
}

hpctl_ssh_client() {
  ln -sfn "$1/key" ~/.ssh/sky-cluster-key
  grep -qs 'IdentityFile ~/.ssh/sky-cluster-key' ~/.ssh/config && return 0
  # After what the image says, for of each setting ssh takes the first.
  (
    umask 077
    printf '%s\n' '' 'Host *' '  StrictHostKeyChecking no' '  UserKnownHostsFile /dev/null' \
      '  IdentityFile ~/.ssh/sky-cluster-key' '  LogLevel ERROR' >>~/.ssh/config
  )
}

hpctl_sshd_settings() {
  local sftp pam=no place
  # Without PAM sshd refuses a locked account, which root is in some images.
  ! grep -qs '^root:!' /etc/shadow || pam=yes
  printf '%s\n' 'Port 22' "HostKey $1/host_key" "AuthorizedKeysFile $1/authorized_keys" 'StrictModes no' \
    'PermitRootLogin prohibit-password' 'PasswordAuthentication no' 'KbdInteractiveAuthentication no' "UsePAM $pam" \
    'UseDNS no' 'PidFile none' 'PrintMotd no' 'PrintLastLog no' 'LogLevel ERROR' 'MaxStartups 1000' 'MaxSessions 1000' \
    "ForceCommand /bin/bash $hpctl_here/session.sh $HPCTL_STATE"
  for place in /usr/lib/openssh /usr/libexec/openssh /usr/lib/ssh /usr/libexec; do
    [ ! -x "$place/sftp-server" ] || sftp=$place/sftp-server
  done
  [ -z "${sftp:-}" ] || echo "Subsystem sftp $sftp"
}

hpctl_listening() {
  local left=50
  # State 0A of port 0x16 (proc(5)): a connection to try it would be a complaint in the log.
  while ! grep -Eqs '^ *[0-9]+: [0-9A-F]+:0016 [0-9A-F]+:0000 0A' /proc/net/tcp /proc/net/tcp6; do
    ((left--)) && kill -0 "$1" 2>/dev/null || return 1
    sleep 0.1
  done
}

# torchrun's variables in every kind of job: what an operator has set stays.
hpctl_rendezvous() {
  local first=${HPCTL_HOSTS:-}
  # Only an operator tells these.
  [ -z "${PET_NODE_RANK:-}" ] || [ -z "${MASTER_ADDR:-}" ] || hpctl_operated=yes
  export PYTHONUNBUFFERED=1
  export MASTER_ADDR=${MASTER_ADDR:-${first%% *}} MASTER_PORT=${MASTER_PORT:-29500}
  [ -n "$MASTER_ADDR" ] || export MASTER_ADDR=127.0.0.1
  export NNODES=${NNODES:-$hpctl_nodes} NODE_RANK=${NODE_RANK:-$HPCTL_NODE_RANK}
  export NPROC_PER_NODE=${NPROC_PER_NODE:-$hpctl_processes}
  export RANK=${RANK:-$HPCTL_NODE_RANK} WORLD_SIZE=${WORLD_SIZE:-$hpctl_nodes}
  export PET_NNODES=${PET_NNODES:-$NNODES} PET_NODE_RANK=${PET_NODE_RANK:-$NODE_RANK}
  # The operator's `auto` needs a GPU or means one process for each CPU: the count of devices is known here.
  [ -n "${PET_NPROC_PER_NODE:-}" ] && [ "$PET_NPROC_PER_NODE" != auto ] || export PET_NPROC_PER_NODE=$NPROC_PER_NODE
  export PET_MASTER_ADDR=${PET_MASTER_ADDR:-$MASTER_ADDR} PET_MASTER_PORT=${PET_MASTER_PORT:-$MASTER_PORT}
}

hpctl_python() {
  local each
  for each in python3 python /usr/bin/python3 /usr/libexec/platform-python /opt/conda/bin/python; do
    if "$each" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 7))' 2>/dev/null; then
      type -P "$each"
      return 0
    fi
  done
  return 1
}
