"""EKS operations that the sandbox adds to moto's, or answers in moto's place."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import get_service_model
from moto.eks.responses import EKSResponse
from moto.iam.access_control import CreateAccessKeyFailure, create_access_key

from hpctl.sandbox.clock import moment
from hpctl.sandbox.eks import pod_identity
from hpctl.sandbox.eks.addons import EksError
from hpctl.sandbox.eks.models import EksBackend, eks_backends
from hpctl.sandbox.eks.versions import ADDONS, VERSIONS, described_addons
from hpctl.sandbox.shapes import validation_message

_PAGE = 100


class EksResponse(EKSResponse):
    """Reads requests by EKS's service model and answers by it."""

    def __init__(self) -> None:
        """Let moto parse the members: access entries carry them in the path."""
        super().__init__()
        self.automated_parameter_parsing = True

    @property
    def eks_backend(self) -> EksBackend:
        """The backend of the caller's account and Region."""
        return eks_backends[self.current_account][self.region]

    def call_action(self) -> Any:
        """Check the members against the service model first: moto does not."""
        shape = get_service_model("eks").operation_model(self._get_action()).input_shape
        if message := validation_message(shape, self.params):
            return self.serialized(ActionResult(EksError("InvalidParameterException", message)))
        return super().call_action()

    def create_cluster(self) -> ActionResult:
        """CreateCluster, keeping every member."""
        return ActionResult({"cluster": self.eks_backend.create(dict(self.params), self._caller)})

    def describe_cluster(self) -> ActionResult:
        """DescribeCluster."""
        return ActionResult({"cluster": self.eks_backend.describe_cluster(self._name)})

    def delete_cluster(self) -> ActionResult:
        """DeleteCluster."""
        return ActionResult({"cluster": self.eks_backend.delete_cluster(self._name)})

    def update_cluster_config(self) -> ActionResult:
        """UpdateClusterConfig: the answer is `update` (moto answers `cluster`)."""
        return ActionResult({"update": self.eks_backend.update_config(dict(self.params))})

    def update_cluster_version(self) -> ActionResult:
        """UpdateClusterVersion."""
        return ActionResult({"update": self.eks_backend.update_version(dict(self.params))})

    def describe_update(self) -> ActionResult:
        """DescribeUpdate."""
        return ActionResult({"update": self.eks_backend.describe_update(self._name, self.params["updateId"])})

    def list_updates(self) -> ActionResult:
        """ListUpdates."""
        updates = self.eks_backend.cluster(self._name).updates
        return ActionResult(self._page("updateIds", [update.id for update in updates]))

    def create_access_entry(self) -> ActionResult:
        """CreateAccessEntry."""
        return ActionResult({"accessEntry": self.eks_backend.create_access_entry(dict(self.params))})

    def describe_access_entry(self) -> ActionResult:
        """DescribeAccessEntry."""
        return ActionResult({"accessEntry": self.eks_backend.access_entry(self._name, self._principal).entry})

    def update_access_entry(self) -> ActionResult:
        """UpdateAccessEntry."""
        return ActionResult({"accessEntry": self.eks_backend.update_access_entry(dict(self.params))})

    def list_access_entries(self) -> ActionResult:
        """ListAccessEntries."""
        policy = self.params.get("associatedPolicyArn")
        return ActionResult(self._page("accessEntries", self.eks_backend.list_access_entries(self._name, policy)))

    def delete_access_entry(self) -> ActionResult:
        """DeleteAccessEntry."""
        self.eks_backend.delete_access_entry(self._name, self._principal)
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        """AssociateAccessPolicy."""
        policy = self.eks_backend.associate_access_policy(dict(self.params))
        return ActionResult(self._named({"associatedAccessPolicy": policy}))

    def disassociate_access_policy(self) -> ActionResult:
        """DisassociateAccessPolicy."""
        self.eks_backend.access_entry(self._name, self._principal).policies.pop(self.params["policyArn"], None)
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        """ListAssociatedAccessPolicies."""
        policies = self.eks_backend.access_entry(self._name, self._principal).policies
        return ActionResult(self._named(self._page("associatedAccessPolicies", list(policies.values()))))

    def describe_cluster_versions(self) -> ActionResult:
        """DescribeClusterVersions: without `includeAll` those alone that a cluster can be made of."""
        wanted, status = self.params.get("clusterVersions"), self.params.get("versionStatus")
        rows = [version.described(moment().at) for version in VERSIONS]
        rows = [
            row
            for row in rows
            if (not wanted or row["clusterVersion"] in wanted)
            and (status in {None, row["versionStatus"]})
            and (status or wanted or self.params.get("includeAll") or row["versionStatus"] != "UNSUPPORTED")
            and (not self.params.get("defaultOnly") or row["defaultVersion"])
        ]
        return ActionResult(self._page("clusterVersions", rows))

    def describe_addon_versions(self) -> ActionResult:
        """DescribeAddonVersions."""
        name = self.params.get("addonName")
        if name not in {None, *ADDONS}:
            raise EksError("ResourceNotFoundException", f"No addon: {name} found")  # [unverified]
        return ActionResult(self._page("addons", described_addons(name, self.params.get("kubernetesVersion"))))

    def create_addon(self) -> ActionResult:
        """CreateAddon."""
        return ActionResult({"addon": self.eks_backend.create_addon(dict(self.params))})

    def describe_addon(self) -> ActionResult:
        """DescribeAddon."""
        return ActionResult({"addon": self.eks_backend.addon(self._name, self.params["addonName"])})

    def list_addons(self) -> ActionResult:
        """ListAddons."""
        return ActionResult(self._page("addons", list(self.eks_backend.cluster(self._name).addons)))

    def update_addon(self) -> ActionResult:
        """UpdateAddon."""
        return ActionResult({"update": self.eks_backend.update_addon(dict(self.params))})

    def delete_addon(self) -> ActionResult:
        """DeleteAddon."""
        return ActionResult({"addon": self.eks_backend.delete_addon(self._name, self.params["addonName"])})

    def create_pod_identity_association(self) -> ActionResult:
        """CreatePodIdentityAssociation."""
        cluster = self.eks_backend.cluster(self._name)
        members = {**self.params, "clusterName": self._name}
        made = pod_identity.create(cluster.pod_identities, cluster.members["arn"], members)
        return ActionResult({"association": made})

    def list_pod_identity_associations(self) -> ActionResult:
        """ListPodIdentityAssociations."""
        rows = pod_identity.summaries(self.eks_backend.cluster(self._name).pod_identities, self.params.get)
        return ActionResult(self._page("associations", rows))

    def describe_pod_identity_association(self) -> ActionResult:
        """DescribePodIdentityAssociation."""
        return ActionResult({"association": self._association})

    def delete_pod_identity_association(self) -> ActionResult:
        """DeletePodIdentityAssociation."""
        gone = self._association
        del self.eks_backend.cluster(self._name).pod_identities[gone["associationId"]]
        return ActionResult({"association": gone})

    @property
    def _association(self) -> dict[str, Any]:
        held = self.eks_backend.cluster(self._name).pod_identities
        return pod_identity.one_of(held, str(self.params["associationId"]))

    @property
    def _caller(self) -> str | None:
        session = {name: value for name, value in self.headers.items() if name == "X-Amz-Security-Token"}
        try:
            arn = create_access_key(self.current_account, self.partition, self.get_access_key(), session).arn
        except CreateAccessKeyFailure:
            return None
        # An access entry is a role's, not that of one of its sessions.
        role = arn.partition(":assumed-role/")[2].partition("/")[0]
        return f"arn:{self.partition}:iam::{self.current_account}:role/{role}" if role else str(arn)

    @property
    def _name(self) -> str:
        return str(self.params.get("clusterName") or self.params["name"])

    @property
    def _principal(self) -> str:
        return str(self.params["principalArn"])

    def _named(self, answer: dict[str, Any]) -> dict[str, Any]:
        return {"clusterName": self._name, "principalArn": self._principal, **answer}

    def _page(self, member: str, rows: list[Any]) -> dict[str, Any]:
        start = int(self.params.get("nextToken") or 0)
        end = start + int(self.params.get("maxResults") or _PAGE)
        return {member: rows[start:end], "nextToken": str(end) if end < len(rows) else None}
