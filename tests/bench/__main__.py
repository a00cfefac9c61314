"""Every measurement against the budgets of DESIGN 7: `python -m tests.bench`."""

from tests.bench import bench_api, bench_plan

if __name__ == "__main__":
    bench_plan.main()
    print()  # noqa: T201 - two tables
    bench_api.main()
