"""Lines that programs write when all is well: none of them tells of a failure."""

from __future__ import annotations

from typing import Final

MESSAGES: Final = (
    "",
    "Cluster ml-cluster creation completed successfully",
    "EFA health checks ran successfully",
    "EKS clusters with API_AND_CONFIG_MAP authentication mode are supported",
    "EKS clusters with API_AND_CONFIG_MAP authentication mode are not supported in this example",
    "SLR Access Entry create successful for Cluster ml-cluster",
    "Successfully created Customer ENI for instance in Cluster ml-cluster and IG workers",
    "Customer ENI successfully deleted for EC2 Instance i-0",
    "Slurm configuration drift validation passed",
    "Found provisioning_parameters.json in LifeCycleScript S3 Path for controller group c",
    "Instance lifecycle script execution for EC2 Instance i-0 has Succeeded",
    "Failed to provision EC2 Instance in Cluster ml-cluster and InstanceGroup workers",
    "Instance creation in Cluster ml-cluster and InstanceGroup workers failed",
    "Found CapacityReservation ID cr-1 for IG workers, using reserved capacity",
    "The account-level service limit was raised",
    "The security group 'sg-0a1b2c3d4e5f60718' exists",
    "You are authorized to perform this operation",
    "SageMaker can assume the execution role",
    "Embedded stack created",
    "upstream conflict: exceptional",
    "An error occurred (ThrottlingException) when calling the DescribeCluster operation: Rate exceeded",
)
"""What HyperPod and AWS say, and near misses of failures."""

LOGS: Final = """\
epoch 1: loss 2.3, memory allocated 70 GiB of 80 GiB
[rank0]:[W ProcessGroupNCCL.cpp:1250] Warning: process group has NOT been destroyed before we destruct ProcessGroupNCCL
W0701 10:00:00.000000 140 torch/distributed/run.py:793] Setting OMP_NUM_THREADS environment variable for each process
INFO:torch.distributed.elastic.agent.server.api:[default] Rendezvous complete for workers. Result:
  restart_count=0 master_addr=train-master-0 master_port=29500 group_rank=0 group_world_size=2 world_size=16
INFO:torch.distributed.elastic.agent.server.api:[default] worker group successfully finished. Waiting 300 seconds
[2026-07-01 10:00:00,000] [INFO] [comm.py:652:init_distributed] cdb=None
Saving checkpoint to /fsx/checkpoints/step-1000
{"loss": 1.234, "grad_norm": 0.81, "learning_rate": 2e-05, "epoch": 0.5}
Some weights of LlamaForCausalLM were not initialized from the model checkpoint
Exiting
train-0:88:88 [0] NCCL INFO Bootstrap : Using eth0:10.1.2.3<0>
train-0:88:88 [0] NCCL INFO NET/OFI Selected Provider is efa (found 32 nics)
train-0:88:88 [0] NCCL INFO NET/OFI Initializing aws-ofi-nccl 1.13.2-aws
train-0:88:88 [0] NCCL INFO NET/OFI Using Libfabric version 1.22
train-0:88:88 [0] NCCL INFO NET/Plugin: Loaded net plugin AWS Libfabric (v8)
train-0:88:88 [0] NCCL INFO Using network AWS Libfabric
train-0:88:88 [0] NCCL INFO cudaDriverVersion 12040
train-0:88:88 [0] NCCL INFO NCCL version 2.21.5+cuda12.4
train-0:88:88 [0] NCCL INFO Channel 00/0 : 0[0] -> 1[1] via P2P/IPC/read
train-0:88:88 [0] NCCL INFO Connected all rings
train-0:88:88 [0] NCCL INFO comm 0x55 rank 0 nranks 16 cudaDev 0 busId 53000 - Init COMPLETE
train-0:88:88 [0] NCCL INFO NCCL_SOCKET_IFNAME set by environment to ^lo,docker,veth
Cloud-init v. 24.1.3 running 'modules:final' at Wed, 01 Jul 2026 10:00:00 +0000. Up 21.35 seconds.
Cloud-init v. 24.1.3 finished at Wed, 01 Jul 2026 10:00:05 +0000. Datasource DataSourceEc2Local.  Up 26.01 seconds
ci-info: | Route | Destination |  Gateway | Genmask | Interface | Flags |
Get:1 http://us-west-2.ec2.archive.ubuntu.com/ubuntu jammy InRelease [270 kB]
Fetched 32.1 MB in 4s (8,031 kB/s)
Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (apt-get)...
Setting up nvidia-container-toolkit (1.16.2-1) ...
Jul 01 10:00:00 ip-10-1-0-7 kubelet[4128]: I0701 10:00:00.000000 4128 server.go:206] "Kubelet version" version="v1.33.1"
kubelet[4128]: I0701 10:00:00 4128 reconciler_common.go:218] "MountVolume started for volume \\"kube-api\\""
kubelet[4128]: I0701 kubelet_node_status.go:78] "Successfully registered node" node="hyperpod-i-0a1b2c3d4e5f60718"
I0701 10:00:00 1 leaderelection.go:254] attempting to acquire leader lease kube-system/aws-node...
Successfully pulled image "pytorch:2.6" in 12.3s. Image size: 3512345678 bytes.
Successfully assigned default/train-worker-0 to hyperpod-i-0a1b2c3d4e5f60718
Container image "pytorch:2.6" already present on machine
Defaulted container "pytorch" out of: pytorch, init-pytorch (init)
[2026-07-01T10:00:00.000] slurmctld version 24.11.5 started on cluster ml
[2026-07-01T10:00:00.000] sched: Allocate JobId=42 NodeList=ip-10-1-0-[7-8] #CPUs=192 Partition=dev
[2026-07-01T10:00:00.000] _job_complete: JobId=42 WEXITSTATUS 0
[2026-07-01T10:00:00.000] node ip-10-1-0-7 returned to service
[2026-07-01T10:00:00.000] error: Node ip-10-1-0-9 appears to have a different slurm.conf than the slurmctld
slurmd: Node reconfigured socket/core boundaries
srun: job 42 queued and waiting for resources
srun: job 42 has been allocated resources
Collecting torch==2.6.0
  Downloading torch-2.6.0-cp311-cp311-manylinux1_x86_64.whl (766.7 MB)
Requirement already satisfied: numpy in /usr/lib/python3/dist-packages (1.26.4)
WARNING: Running pip as the 'root' user can result in broken permissions
Successfully installed torch-2.6.0 triton-3.2.0
[start] Running the lifecycle script on_create.sh
[SageMaker] The lifecycle scripts succeeded.
mount.lustre: mounted /fsx
munged: Info: Created 2 work threads
NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.90.07
nvidia-uvm: Loaded the UVM driver, major device number 238.
2026-07-01 10:00:00.000 77:77 INFO NRT:nrt_infodump Neuron runtime information - please include in any support issue:
INFO ||NEURON_CACHE||: Using a cached neff at /var/tmp/neuron-compile-cache/MODULE_1/model.neff
remapped_rows.failure: 0
GPU 3: Pending row remap: No
listening on port 22
Waiting for clients
TimeoutError: my own
404 Client Error: Not Found for url: https://huggingface.co/x
FileNotFoundError: [Errno 2] No such file or directory: 'not found'
key not found
exit code 0
Exited with exit code 0
Process exited with status 0
rollout of the namespace aws-hyperpod is complete
the addon vpc-cni is ACTIVE
kueue admitted the workload train
KMS key arn:aws:kms:us-west-2:111122223333:key/1 is used
training plan p5 is Active
using a security group and a subnet-0a1b of the VPC
""".splitlines()
