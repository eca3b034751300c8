import { useEffect, useRef, type PointerEvent } from 'react';
import { useSay } from '../lang/useSay';
import { drawCrop, type Crop } from '../state/picture';
import look from './ChangePicture.module.css';

const ways = [
  { way: 'zoom', from: 1, to: 4 },
  { way: 'x', from: 0, to: 1 },
  { way: 'y', from: 0, to: 1 },
] as const;

const clamp = (n: number): number => Math.min(1, Math.max(0, n));

/** The square that is cut out: dragged with a pointer, or moved with three sliders. */
export function Square({ bitmap, crop, onCrop }: { bitmap: ImageBitmap; crop: Crop; onCrop: (crop: Crop) => void }) {
  const say = useSay();
  const canvas = useRef<HTMLCanvasElement>(null);

  // A canvas is drawn on, which React does not do.
  useEffect(() => {
    if (canvas.current) drawCrop(canvas.current, bitmap, crop);
  }, [bitmap, crop]);

  const drag = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (event.buttons === 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const size = Math.min(bitmap.width, bitmap.height) / crop.zoom;
    const move = (by: number, length: number): number => (length === size ? 0 : ((by / event.currentTarget.clientWidth) * size) / (length - size));
    onCrop({ ...crop, x: clamp(crop.x - move(event.movementX, bitmap.width)), y: clamp(crop.y - move(event.movementY, bitmap.height)) });
  };
  return (
    <div className={look['square']}>
      <canvas ref={canvas} width={320} height={320} aria-hidden="true" onPointerMove={drag} />
      <div className={look['ways']}>
        {ways.map(({ way, from, to }) => (
          <label key={way}>
            {say(`picture.${way}`)}
            <input type="range" min={from} max={to} step={(to - from) / 50} value={crop[way]} onChange={(event) => onCrop({ ...crop, [way]: event.target.valueAsNumber })} />
          </label>
        ))}
      </div>
    </div>
  );
}
