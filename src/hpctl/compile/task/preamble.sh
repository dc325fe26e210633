exec 2>&9 9>&-
# An interactive shell does not heed SIGTERM; a job that is cancelled shall end. The script may set a trap of its own.
trap 'exit 143' TERM
: >"$HPCTL_STATE/begun"
[ ! -f ~/.bashrc ] || . ~/.bashrc
set -a
! command -v conda >/dev/null 2>&1 || . "$(dirname "$(dirname "$(type -P conda)")")/etc/profile.d/conda.sh" 2>/dev/null
set +a
[ ! -f ~/sky-user-env/bin/activate ] || . ~/sky-user-env/bin/activate
export PYTHONUNBUFFERED=1
cd ~/sky_workdir
