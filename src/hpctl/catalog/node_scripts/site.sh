#!/bin/bash
# Steps of your own: on_create.sh runs this file last, as root, once for each root volume of a node.
# `retry` and `say` of lib.sh are at hand, and what is printed goes to CloudWatch. For example:
#
#   retry 5 10 apt-get install -y jq      (Slurm nodes run Ubuntu)
#   retry 5 10 dnf install -y jq          (EKS nodes run Amazon Linux 2023)
set -euo pipefail
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

say "site.sh has no steps"
