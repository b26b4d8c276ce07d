#!/bin/bash
# One process per GPU, started by Slurm; each sees its own GPU alone. Adapt the lines of #SBATCH, then submit a command
# of hitzoo that can go on where it was ended:
#
#     sbatch slurm-srun.sh train hit-b-ffhq256 --data ffhq.zip --out runs/b256 --resume
#     sbatch slurm-srun.sh sample runs/b256 --seeds 0-49999 --out samples/b256 --resume
#
#SBATCH --job-name=hitzoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@90
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

set -euo pipefail
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}  # srun itself does not take it from sbatch

MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000))
export MASTER_ADDR MASTER_PORT

# 90 seconds before the time is over Slurm sends SIGUSR1 to this script alone. The processes then save, and the job
# waits for its next turn.
requeue() {
    trap '' USR1
    kill -TERM "$step" 2>/dev/null || true
    wait "$step" || true
    scontrol requeue "$SLURM_JOB_ID"
    exit 0
}
trap requeue USR1

# shellcheck disable=SC2016  # expanded by each task, from Slurm's variables to those of torchrun
srun --kill-on-bad-exit=1 bash -c '
    export RANK=$SLURM_PROCID WORLD_SIZE=$SLURM_NTASKS
    export LOCAL_RANK=$SLURM_LOCALID LOCAL_WORLD_SIZE=$SLURM_NTASKS_PER_NODE
    exec hitzoo "$@"' hitzoo "$@" &
step=$!
wait "$step"
