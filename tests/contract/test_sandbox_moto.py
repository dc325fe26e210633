"""The private names of moto that the sandbox leans on are there; a newer moto that moves them fails here first."""

from __future__ import annotations

import importlib
import inspect
from importlib.metadata import version

import botocore.session
import pytest

from hpctl.catalog.instance_types import instance_types
from hpctl.catalog.matching import match
from hpctl.sandbox.account import has_efa
from hpctl.sandbox.sagemaker import wordings
from hpctl.sandbox.sagemaker.responses import OPERATIONS

NAMES = {
    "moto.backends": ["get_backend", "list_of_moto_modules"],
    "moto.core.base_backend": ["BackendDict"],
    "moto.core.responses": ["ActionResult", "EmptyResult"],
    "moto.core.exceptions": ["ServiceException"],
    "moto.core.utils": ["get_service_model"],
    "moto.moto_server.werkzeug_app": ["DomainDispatcherApplication", "MotoRequestHandler", "create_backend_app"],
    "moto.moto_api._internal": ["mock_random"],
    "moto.sagemaker.models": ["SageMakerModelBackend"],
    "moto.sagemaker.responses": ["SageMakerResponse"],
    "moto.sagemaker.urls": ["url_bases"],
    "moto.eks.models": ["EKSBackend"],
    "moto.iam.access_control": ["CreateAccessKeyFailure", "create_access_key"],
    "moto.eks.responses": ["EKSResponse"],
    "moto.eks.urls": ["url_bases", "url_paths"],
    "moto.ec2.models.instance_types": ["INSTANCE_TYPES", "INSTANCE_TYPE_OFFERINGS"],
    "moto.ec2.models.vpcs": ["VPCBackend"],
    "moto.iam.models": ["AWSManagedPolicy", "iam_backends"],
    "moto.iam.responses": ["IamResponse"],
    "moto.iam.urls": ["url_paths"],
    "moto.kms.models": ["kms_backends"],
    "moto.logs.models": ["logs_backends"],
    "moto.s3.models": ["s3_backends"],
    "moto.servicequotas.urls": ["url_bases"],
    "moto.sts.models": ["sts_backends"],
}


@pytest.mark.parametrize(("module", "names"), NAMES.items(), ids=NAMES)
def test_a_private_name_of_moto_is_there(module: str, names: list[str]) -> None:
    found = vars(importlib.import_module(module))
    assert [name for name in names if name not in found] == []


def test_moto_is_of_the_series_that_these_names_were_read_in() -> None:
    assert version("moto").startswith("5.2.")


def test_services_are_made_through_the_registry_that_the_sandbox_replaces() -> None:
    source = inspect.getsource(importlib.import_module("moto.moto_server.werkzeug_app").create_backend_app)
    assert "backends.get_backend(" in source


def test_motos_settings_have_the_names_that_the_server_sets() -> None:
    settings = inspect.getsource(importlib.import_module("moto.settings"))
    for name in ("MOTO_DISABLE_GLOBAL_CORS", "MOTO_EC2_LOAD_DEFAULT_AMIS"):
        assert name in settings
    assert "MOTO_ACCOUNT_ID" in inspect.getsource(importlib.import_module("moto.core.responses"))


def test_every_operation_of_hyperpod_that_is_answered_exists() -> None:
    model = botocore.session.Session().get_service_model("sagemaker")
    assert set(model.operation_names) >= OPERATIONS


def test_ec2_and_the_catalog_agree_which_types_have_efa() -> None:
    known = [kind for kind in instance_types() if kind.efa_interfaces is not None]
    assert len(known) > 200
    assert [kind.name for kind in known if has_efa(kind.name) != bool(kind.efa_interfaces)] == []


@pytest.mark.parametrize(
    "text",
    [
        wordings.EFA_HEALTH_CHECK,
        wordings.EKS_CONFIG_MAP.text,
        wordings.ROLE_NOT_ASSUMABLE.error(role="arn").message,
        wordings.SUBNET_MISSING.error(subnet="subnet-0").message,
        wordings.SECURITY_GROUP_MISSING.error(group="sg-0").message,
        wordings.SLURM_CONTROLLERS.error(count=2).message,
        wordings.SLURM_NO_CONTROLLER.error(name="x").message,
        wordings.SLURM_PARTITIONS.text,
        wordings.SLURM_MODELS.text,
        wordings.EKS_DEPENDENCIES.text,
        wordings.RESOURCE_LIMIT.error(quota="ml.p5.48xlarge for cluster usage", limit=0, used=0, delta=1).message,
        wordings.BOOTSTRAP,
        wordings.NO_CAPACITY,
        wordings.NO_CAPACITY_YET.format(type="ml.p5.48xlarge"),
        wordings.NO_CAPACITY_IN_ZONE,
        wordings.CUSTOMER_ENI.format(reason=wordings.NO_FREE_ADDRESSES),
        wordings.SCRIPTS_FAILED,
        wordings.SCRIPTS_TIMED_OUT,
    ],
)
def test_a_verified_wording_is_a_failure_that_hpctl_knows(text: str) -> None:
    assert match(text) is not None
