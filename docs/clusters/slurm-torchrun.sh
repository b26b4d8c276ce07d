#!/bin/bash
# One torchrun per machine, which starts a process per GPU and restarts them all, up to 3 times, when one dies. Adapt
# the lines of #SBATCH, then submit a command of hitzoo that can go on where it was ended:
#
#     sbatch slurm-torchrun.sh train hit-b-ffhq256 --data ffhq.zip --out runs/b256 --resume
#     sbatch slurm-torchrun.sh data pack imagenet imagenet128.zip --resolution 128 --resume
#
#SBATCH --job-name=hitzoo
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=12:00:00
#SBATCH --signal=B:USR1@90
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=%x-%j.log

set -euo pipefail
export SRUN_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-1}  # srun itself does not take it from sbatch

first=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
port=$((20000 + SLURM_JOB_ID % 20000))

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

srun --kill-on-bad-exit=1 torchrun \
    --nnodes "$SLURM_NNODES" --nproc-per-node "$SLURM_GPUS_ON_NODE" --max-restarts 3 \
    --rdzv-id "$SLURM_JOB_ID" --rdzv-backend c10d --rdzv-endpoint "$first:$port" \
    -m hitzoo "$@" &
step=$!
wait "$step"
