/** A row of bars without an axis, the greatest as high as the box. What they are is said beside them. */
export function Spark({ values }: { readonly values: readonly number[] }) {
  const most = Math.max(...values, 1e-9);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${Math.max(values.length, 12)} 1`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {values.map((value, index) => {
        const height = value === 0 ? 0 : Math.max(value / most, 0.04);
        return <rect key={index} x={index + 0.1} y={1 - height} width={0.8} height={height} />;
      })}
    </svg>
  );
}
