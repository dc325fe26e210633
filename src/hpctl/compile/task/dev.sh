# What a development pod runs: it stays until somebody stops it, or nobody has used it for HPCTL_DEV_IDLE_S seconds.
#
# In use means: an ssh connection, a command that was begun from outside (`exec`), a process that holds an accelerator
# open, or processes that together take more than a twentieth of a CPU.
set +e
idle=${HPCTL_DEV_IDLE_S:-0}
every=15
# Processor time is counted in hundredths of a second on every Linux (proc(5), sysconf(3)).
((idle == 0 || idle >= 60)) || every=$((idle > 8 ? idle / 4 : 2))

# Parent and processor time of every process but this one and the first; 0 as a parent is somebody outside.
look() {
  local file line fields
  outside= ticks=0
  for file in /proc/[0-9]*/stat; do
    { read -r line <"$file"; } 2>/dev/null || continue
    case ${line%% *} in 1 | $$) continue ;; esac
    fields=(${line##*) })
    [ "${fields[0]}" != Z ] || continue
    [ "${fields[1]}" != 0 ] || outside=yes
    ticks=$((ticks + fields[11] + fields[12] + fields[13] + fields[14]))
  done
}

connected() {
  # State 01 of port 46522 (proc(5)).
  grep -Eqs '^ *[0-9]+: [0-9A-F]+:B5BA [0-9A-F]+:[0-9A-F]+ 01' /proc/net/tcp /proc/net/tcp6
}

holds_device() {
  local found
  read -r found < <(find /proc/[0-9]*/fd -lname '/dev/nvidia[0-9]*' -o -lname '/dev/neuron[0-9]*' 2>/dev/null)
  [ -n "$found" ]
}

in_use() {
  local before=$ticks
  look
  [ -z "$outside" ] && ((ticks - before <= every * 5)) || return 0
  connected || holds_device
}

echo "hpctl: the development pod is ready"
ticks=0
look
used=$SECONDS
while :; do
  sleep "$every" &
  wait $!
  ((idle > 0)) || continue
  ! in_use || used=$SECONDS
  if ((SECONDS - used >= idle)); then
    line="hpctl: nobody used the development pod for $idle s"
    echo "$line"
    [ ! -w /dev/termination-log ] || echo "$line" >/dev/termination-log
    exit 0
  fi
done
