#!/bin/bash
# Read a list of scans as an array of tasks, each of which reads every n-th file into a file of its own:
#
#     sbatch read_on_slurm.sh files.txt parts
#
# A task that was cut off goes on when it is submitted again; afterwards: cat parts/*.jsonl > numbers.jsonl
#SBATCH --job-name=byhand-read
#SBATCH --array=1-100
#SBATCH --cpus-per-task=1
#SBATCH --time=04:00:00
mkdir -p "$2"
export OMP_NUM_THREADS=1
SHARD="$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT"
byhand read --list "$1" --shard "$SHARD" --format json --out "$2/$SLURM_ARRAY_TASK_ID.jsonl" --resume --quiet
