"""Where IAM requests arrive; `dispatch` puts these paths in the place of moto's."""

from __future__ import annotations

from hpctl.sandbox.iam.responses import IamResponse

url_paths = {"{0}/$": IamResponse.dispatch}
