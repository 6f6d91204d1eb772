import { AggregatorRegistry, register } from "prom-client";
import { expect, it } from "vitest";
import { gauge, histogram } from "./metrics.ts";

it("a distribution reads as Prometheus expects it: buckets that hold each other, a sum and a count", async () => {
  const description = { name: "made_for_a_test_seconds", help: "Made for a test.", buckets: [0.1, 1] };
  const [get, post] = ["GET", "POST"].map((method) => histogram(description).line({ method }));
  for (const value of [0.05, 0.1, 0.5, 3]) get?.(value);
  post?.(0.5);
  const text = await register.getSingleMetricAsString(description.name);
  expect(text.split("\n")).toEqual([
    "# HELP made_for_a_test_seconds Made for a test.",
    "# TYPE made_for_a_test_seconds histogram",
    'made_for_a_test_seconds_bucket{le="0.1",method="GET"} 2',
    'made_for_a_test_seconds_bucket{le="1",method="GET"} 3',
    'made_for_a_test_seconds_bucket{le="+Inf",method="GET"} 4',
    'made_for_a_test_seconds_sum{method="GET"} 3.65',
    'made_for_a_test_seconds_count{method="GET"} 4',
    'made_for_a_test_seconds_bucket{le="0.1",method="POST"} 0',
    'made_for_a_test_seconds_bucket{le="1",method="POST"} 1',
    'made_for_a_test_seconds_bucket{le="+Inf",method="POST"} 1',
    'made_for_a_test_seconds_sum{method="POST"} 0.5',
    'made_for_a_test_seconds_count{method="POST"} 1',
  ]);
});

it.each([
  ["what workers have is added up", "sum", 5],
  ["of how late workers are the worst counts", "max", 3],
] as const)("%s", async (_what, ofWorkers, expected) => {
  const made = gauge({ name: `made_for_a_test_${ofWorkers}`, help: "Made for a test.", ofWorkers });
  const ofEach = [];
  for (const value of [2, 3]) {
    made.set(value);
    ofEach.push([structuredClone(await made.get())]);
  }
  const together = AggregatorRegistry.aggregate(ofEach);
  expect(await together.getSingleMetric(`made_for_a_test_${ofWorkers}`)?.get()).toMatchObject({
    values: [{ value: expected }],
  });
});
