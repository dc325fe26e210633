"""Every time limit and interval of hpctl, in seconds, with the reason for its value."""

from __future__ import annotations

from typing import Final

CONNECT_S: Final = 3.05
"""Opening a connection to an AWS endpoint; just above one TCP retransmission."""

KNOCK_S: Final = 15.0
"""An answer, whichever, to whoever only wants to know that an AWS endpoint is there: so long a busy proxy may take."""

READ_S: Final = 30.0
"""One answer of an AWS API. HyperPod's slowest reads answer in a few seconds."""

ATTEMPTS: Final = 6
"""Tries of one API call, the first included; botocore's standard mode waits between them with full jitter."""

BACKOFF_CAP_S: Final = 20.0
"""The longest wait between two tries: botocore's own cap in standard mode."""

POLL_FIRST_S: Final = 1.0
"""The first wait of a waiter: a refusal or a failure shows early."""

POLL_GROWTH: Final = 1.4
"""Factor between two waits, so that a waiter is at its cap within half a minute."""

POLL_STEADY_S: Final = 15.0
"""The steady interval of a waiter, before chance: at most four describes a minute and process."""

POLL_CAP_S: Final = 20.0
"""The longest wait of a waiter: chance makes the steady interval longer, never shorter, so that many drift apart."""

CREATE_WAIT_S: Final = 60 * 60.0
"""Creating a cluster takes AWS 15 to 25 minutes."""

DEEP_CHECKS_S: Final = 150 * 60.0
"""What deep health checks add: AWS speaks of about two hours."""

DELETE_WAIT_S: Final = 45 * 60.0
"""Deleting a cluster takes AWS 10 to 35 minutes."""

VISIBLE_S: Final = 60.0
"""A cluster that was just created may be unknown to DescribeCluster for so long."""

NODE_WAIT_S: Final = 60 * 60.0
"""A reboot takes AWS 1 to 3 minutes, a replacement 20 to 30, deep health checks apart."""

SETTLE_S: Final = 15.0
"""An update that changes no count may show nowhere; after so long without a sign of it, it is taken as done."""

STUCK_S: Final = 300.0
"""A deletion in which no node ended for so long is looked into: single nodes end within a few minutes."""

AGAIN_S: Final = 5.0
"""Between two tries of what AWS refuses only because it does not know yet what was done a moment ago."""

AGAIN_TIMES: Final = 12
"""How often that is tried again: a new IAM role or a deleted name takes AWS up to about a minute."""

EKS_LOOK_S: Final = 5.0
"""Between two looks at an EKS cluster whose settings were changed."""

EKS_LOOKS: Final = 240
"""How often that is: EKS takes a few minutes for a change of its authentication mode, 20 are plenty."""

LOOKS_MISSED: Final = 3
"""Looks in a row, each with all its retries, after which a waiter gives up on an API that does not answer."""

FOLLOW_MISSED: Final = 20
"""The same for whoever follows events without an end: that is about an outage of ten minutes, or more."""

EVENTS_OVERLAP_S: Final = 120.0
"""How far back a waiter asks for events again: a list may show an event later than a newer one."""

PAIRED_EVENTS_S: Final = 1.5
"""One provisioning fault gives two error events within about a second; events so close are one fault."""

KUBECONFIG_LOCK_S: Final = 10.0
"""How long one and the same program may hold the lock of a kubeconfig: kubectl holds it for milliseconds."""

KUBECONFIG_QUEUE_S: Final = 60.0
"""How long many programs may hold it in turn."""

KUBECONFIG_SETTLE_S: Final = 0.025
"""How long the lock is held after the file was written: see `adapters.local.kubeconfig`."""

KUBE_ATTEMPTS: Final = 3
"""Tries of one request to a Kubernetes API, the first included, where repeating it is safe."""

KUBE_AGAIN_S: Final = 0.5
"""The first wait between two of them, before chance; the next is twice as long."""

KUBE_IDLE_S: Final = 20.0
"""How long a connection to a Kubernetes API may wait for the next request: below the idle limits of load balancers."""

LOG_IDLE_S: Final = 30.0
"""A log that is followed and says nothing for so long is asked for anew: a dead connection says nothing either."""

LOG_LOOK_S: Final = 2.0
"""Between two looks at a job whose logs are followed: for new pods, restarts and its end."""

LOG_AGAIN_S: Final = 0.1
"""The first wait before a log is asked for again when the last connection told nothing new; it doubles."""

LOG_AGAIN_CAP_S: Final = 5.0
"""The longest of these waits."""

LOG_STUCK: Final = 20
"""Connections in a row that ended while they repeated what was seen, after which a second is passed over."""

LOG_NEARER: Final = 3
"""The same, after which the log is asked for from nearer its end than its second."""

LOG_QUIET: Final = 6
"""Answers in a row that end well without the last line that was seen, after which it is taken as gone."""

LOG_SILENT: Final = 6
"""Answers in a row that stop in silence, each after `LOG_IDLE_S`, where nothing is left to be printed."""

LOG_BROKEN: Final = 3 * LOG_STUCK
"""Connections in a row that broke and told nothing new, after which a log that nobody follows is given up."""

LOG_GRACE_S: Final = 60.0
"""How long pods of a job that is over are followed before their logs are read to the end and left."""

JOB_UNTOUCHED_S: Final = 30.0
"""An operator makes a job's pods within a second or two; after so long without one, that is worth a word."""

JOB_POLL_FIRST_S: Final = 0.5
"""The first wait of whoever waits for a job."""

JOB_POLL_STEADY_S: Final = 5.0
"""The steady interval of that: it asks Kubernetes alone, whose API is the cluster's own."""

JOB_SETTLE_S: Final = 2.0
"""An end counts when it is still the end after so long: operators may start a job again that has failed."""

JOB_PODS_END_S: Final = 60.0
"""How long the other pods of a job may go on that has succeeded: for some operators rank 0 alone decides that."""

JOB_RANKS_END_S: Final = 30.0
"""The same of a job that has failed: its own scripts end the other ranks within 5 s and 20 s of grace."""

JOB_SETTLE_RESUMED_S: Final = 15.0
"""How long a failure must stand where HyperPod resumes jobs, which begins when it has seen the failure."""

SLURM_ASK_S: Final = 60.0
"""One question to a Slurm controller: it answers within a second, or, when busy, within its own timeout."""

SLURM_SUBMIT_S: Final = 600.0
"""Sending a job with its working directory, and submitting it: a session carries about a MiB a second."""

SLURM_END_S: Final = 60.0
"""How long processes of a job that was cancelled may take to end: Slurm kills them after `KillWait`, usually 30 s."""

SLURM_LOG_LOOK_S: Final = 3.0
"""Between two looks at a job on Slurm whose logs are followed; each is a session, and an account has three a second."""

SLURM_LOG_SILENT_S: Final = 45.0
"""The program that reads logs on a node says every 5 s that it is there; after so long without, its session is dead."""

SLURM_POLL_STEADY_S: Final = 4.0
"""The steady interval of whoever waits for a job on Slurm: a session a look, and an account begins three a second."""

SESSION_BEGINS_S: Final = 30.0
"""A node's agent answers within a second or two; its shell begins to be heard a second after that."""

SESSION_ENDS_S: Final = 3.0
"""What is left to say at the end of a session may take so long, then it is left."""

SESSION_LEASE_S: Final = 90.0
"""A program on a node whose supervisor hears nothing of hpctl for so long is ended; channels resume well before."""

SESSION_ALIVE_S: Final = 10.0
"""Between two words by which hpctl and a supervisor know of each other."""

SESSION_AGAIN_S: Final = 0.5
"""Between two sessions of which the first began and ended at once; up to twice that, by chance."""

TUNNEL_QUIET_S: Final = 10.0
"""A connection through a node whose near end has said all is closed when nothing came from the far one for so long."""

SKY_INSTALL_S: Final = 1800.0
"""Installing SkyPilot: 104 packages, 520 MB on disk; a minute and a half from a near index, long over a slow line."""

SKY_CHECK_S: Final = 180.0
"""SkyPilot's check: 5 s of CPU to import it, and its own time limits for a cluster that does not answer."""

DEV_ENDS: Final = 240
"""Looks, each after `JOB_POLL_FIRST_S`, until a development pod has ended: it has 30 s of grace, its node some more."""

DEV_WAIT_S: Final = 30 * 60.0
"""Starting a development pod: an image of many GiB takes a node that has never seen it some minutes."""
