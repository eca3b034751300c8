import { Button } from './Button';
import { IconCopy } from './icons';
import { useCopy } from './useCopy';

/** Copies a text, and says so or that it could not. */
export function CopyButton({ text, words, copied, refused }: { text: string; words: string; copied: string; refused: string }) {
  const { copy, told } = useCopy(copied, refused);
  return (
    <>
      <Button kind="quiet" icon={IconCopy} onClick={() => copy(text)}>
        {words}
      </Button>
      {told}
    </>
  );
}
