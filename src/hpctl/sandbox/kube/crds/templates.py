"""The schema of a pod template inside a custom resource, made from Kubernetes' own definitions.

The CRDs of AWS's Helm chart were generated from older definitions: what came later is pruned on a HyperPod cluster, and
so it is here. (aws/sagemaker-hyperpod-cli, helm_chart, June 2026: the PyTorchJob of training-operator 1.8.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hpctl.sandbox.kube.schemas.builtin import definitions

Schema = dict[str, Any]

_CORE: Final = "io.k8s.api.core.v1."
_METADATA: Final = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_INT_OR_STRING: Final = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
# What controller-gen leaves of a template's metadata.
_KEPT_METADATA: Final = ("annotations", "finalizers", "labels", "name", "namespace")
LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "ConfigMapVolumeSource": ("defaultUser",),
    "Container": ("restartPolicy", "restartPolicyRules"),
    "DownwardAPIVolumeFile": ("user",),
    "DownwardAPIVolumeSource": ("defaultUser",),
    "EmptyDirVolumeSource": ("mode",),
    "EnvVarSource": ("fileKeyRef",),
    "EphemeralContainer": ("restartPolicy", "restartPolicyRules"),
    "GRPCAction": ("mode",),
    "HTTPGetAction": ("protocol",),
    "KeyToPath": ("user",),
    "Lifecycle": ("stopSignal",),
    "LifecycleHandler": ("sleep",),
    "PersistentVolumeClaimSpec": ("volumeAttributesClassName",),
    "PodAffinityTerm": ("matchLabelKeys", "mismatchLabelKeys"),
    "PodResourceClaim": ("resourceClaimName", "resourceClaimTemplateName"),
    "PodSecurityContext": ("appArmorProfile", "seLinuxChangePolicy", "supplementalGroupsPolicy"),
    "PodSpec": ("evictionResponders", "hostnameOverride", "resources", "schedulingGroup"),
    "ProjectedVolumeSource": ("defaultUser",),
    "ResourceClaim": ("request",),
    "SecretVolumeSource": ("defaultUser",),
    "SecurityContext": ("appArmorProfile",),
    "ServiceAccountTokenProjection": ("user",),
    "Volume": ("image",),
    "VolumeMount": ("bindMountOptions", "recursiveReadOnly"),
    "VolumeProjection": ("clusterTrustBundle", "podCertificate"),
}
"""The fields of today's definitions that those CRDs do not have, by definition."""
# What those CRDs do not require yet.
_REQUIRED_LATER: Final[Mapping[str, tuple[str, ...]]] = {"HostAlias": ("ip",)}
_EXTENSIONS: Final = ("x-kubernetes-list-map-keys", "x-kubernetes-list-type", "x-kubernetes-map-type")
# Keys of lists of maps that are neither required nor have a default in the definitions.
_KEY_DEFAULTS: Final = {"protocol": "TCP"}


def pod_template() -> Schema:
    """Return the schema of a pod template."""
    return _expanded({"$ref": f"#/definitions/{_CORE}PodTemplateSpec"})


def quantity() -> Schema:
    """Return the schema of an amount of a resource."""
    number, exponent = r"(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))", r"([eE](\+|-)?"
    pattern = rf"^(\+|-)?{number}(([KMGTPE]i)|[numkMGTPE]|{exponent}{number}))?$"
    return {**_int_or_string(), "pattern": pattern}


def label_selector() -> Schema:
    """Return the schema of a `LabelSelector`."""
    return _expanded({"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector"})


def _int_or_string() -> Schema:
    return {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}


def _expanded(schema: Mapping[str, Any], name: str = "") -> Schema:
    """Return a schema without references and without what a CRD may not say."""
    if reference := schema.get("$ref"):
        return _named(reference.rpartition("/")[2])
    found: Schema = {key: schema[key] for key in ("type", "format", *_EXTENSIONS) if key in schema}
    dropped = {*LATER.get(name.removeprefix(_CORE), ())}
    if "properties" in schema:
        rows = schema["properties"].items()
        found["properties"] = {key: _expanded(value) for key, value in rows if key not in dropped}
        dropped |= {*_REQUIRED_LATER.get(name.removeprefix(_CORE), ())}
        if required := [key for key in schema.get("required", ()) if key not in dropped]:
            found["required"] = required
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            found[key] = _expanded(schema[key])
    return _keyed(found)


def _named(name: str) -> Schema:
    if name == _QUANTITY:
        return quantity()
    if name == _INT_OR_STRING:
        return _int_or_string()
    definition = definitions()[name]
    if name == _METADATA:
        kept = {key: definition["properties"][key] for key in _KEPT_METADATA}
        return _expanded({"type": "object", "properties": kept})
    return _expanded({"type": "object", **definition}, name)


def _keyed(schema: Schema) -> Schema:
    """Return a list of maps whose keys are required or have a default, and one whose keys cannot be, as plain."""
    keys, items = schema.get("x-kubernetes-list-map-keys") or (), schema.get("items") or {}
    for key in keys:
        if key in (items.get("required") or ()):
            continue
        if key not in _KEY_DEFAULTS:
            return {name: value for name, value in schema.items() if name not in _EXTENSIONS}
        items["properties"][key]["default"] = _KEY_DEFAULTS[key]
    return schema
