#!/bin/bash
# What on_create.sh and site.sh share. Written by `hpctl lifecycle init`.

LOG=/var/log/provision/provisioning.log

# Of all that a script prints, CloudWatch gets this file and nothing else.
log_to_cloudwatch() {
    mkdir -p "$(dirname "$LOG")"
    exec > >(tee -a "$LOG") 2>&1
}

say() {
    printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"
}

# retry ATTEMPTS SECONDS COMMAND...: until it succeeds, at most so many times, so many seconds apart.
retry() {
    local attempts=$1 wait_s=$2 attempt
    shift 2
    for ((attempt = 1; attempt <= attempts; attempt++)); do
        if "$@"; then
            return 0
        fi
        say "attempt $attempt of $attempts failed: $*"
        if ((attempt < attempts)); then
            sleep "$wait_s"
        fi
    done
    return 1
}

# remember LINE: in /etc/fstab, once.
remember() {
    if ! grep -qsxF "$1" /etc/fstab; then
        printf '%s\n' "$1" >> /etc/fstab
    fi
}
