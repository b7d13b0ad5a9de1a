import { Icon } from './icon.tsx';

interface PickProps<T extends string | number> {
  readonly label: string;
  readonly choices: readonly (readonly [value: T, words: string])[];
  readonly value: T;
  /** True when it changes what is shown. */
  readonly active?: boolean;
  readonly choose: (value: T) => void;
}

/** One of a few, in the browser's own list. */
export function Pick<T extends string | number>({ label, choices, value, active, choose }: PickProps<T>) {
  return (
    <span class={active === true ? 'pick active' : 'pick'}>
      <select
        aria-label={label}
        value={String(value)}
        onChange={({ currentTarget }) => {
          const chosen = choices[currentTarget.selectedIndex];
          if (chosen !== undefined) choose(chosen[0]);
        }}
      >
        {choices.map(([choice, words]) => (
          <option key={choice} value={String(choice)}>
            {words}
          </option>
        ))}
      </select>
      <Icon name="chevron" size={12} />
    </span>
  );
}
