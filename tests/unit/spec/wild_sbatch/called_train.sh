#!/bin/bash
# finds: nothing
srun hostname
