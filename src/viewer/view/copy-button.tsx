import { useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

interface CopyButtonProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly text: () => string;
}

/** Millis for which the button says that it worked. */
const SAID_MILLIS = 1500;

export function CopyButton({ label, icon = 'copy', text }: CopyButtonProps) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      copyBySelection(text());
    }
    setDone(true);
    setTimeout(() => setDone(false), SAID_MILLIS);
  };
  const words = done ? 'Copied' : label;
  return (
    <button type="button" class="icon-button" aria-label={words} title={words} onClick={() => void copy()}>
      <Icon name={done ? 'check' : icon} />
    </button>
  );
}

/** For browsers that keep the clipboard from pages opened from disk. */
function copyBySelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}
