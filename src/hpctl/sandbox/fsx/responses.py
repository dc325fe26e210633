"""FSx operations: moto's, over the sandbox's file systems."""

from __future__ import annotations

import json

from moto.fsx.responses import FSxResponse

from hpctl.sandbox.fsx.models import FileSystemsBackend, fsx_backends


class FileSystemsResponse(FSxResponse):
    """Answers with every member that FSx has of a file system here."""

    @property
    def fsx_backend(self) -> FileSystemsBackend:
        """The backend of the caller's account and Region."""
        return fsx_backends[self.current_account][self.region]

    def create_file_system(self) -> str:
        """CreateFileSystem."""
        made = json.loads(super().create_file_system())["FileSystem"]["FileSystemId"]
        return json.dumps({"FileSystem": self._told(made)})

    def describe_file_systems(self) -> str:
        """DescribeFileSystems."""
        answer = json.loads(super().describe_file_systems())
        rows = [self._told(row["FileSystemId"]) for row in answer["FileSystems"]]
        return json.dumps({**answer, "FileSystems": rows})

    def _told(self, file_system_id: str) -> object:
        return self.fsx_backend.told(self.fsx_backend.file_systems[file_system_id])
