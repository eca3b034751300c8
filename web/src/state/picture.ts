// Pictures, drawn again in the browser. What is drawn has its pixels and nothing else: no place, no time, no camera.

/** A picture that was drawn. */
export interface Drawn {
  blob: Blob;
  /** In pixels. */
  width: number;
  height: number;
}

const smallSide = 800;

/** How large a picture is when it stands upright; undefined where this browser cannot draw it. */
export async function measure(file: Blob): Promise<{ width: number; height: number } | undefined> {
  const bitmap = await open(file).catch(() => undefined);
  if (bitmap === undefined) return undefined;
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}

/** Whether file can be drawn again without losing what one sees: photographs and still pictures. */
export async function canRedraw(file: Blob): Promise<boolean> {
  if ((await measure(file)) === undefined) return false;
  if (file.type === 'image/jpeg') return true;
  // A PNG that moves says so before its pixels.
  return file.type === 'image/png' && !new TextDecoder('latin1').decode(await file.slice(0, 65_536).arrayBuffer()).includes('acTL');
}

/** The same picture at its full size, upright, without what the file says beside its pixels. */
export function redraw(file: Blob): Promise<Drawn> {
  return draw(file, Infinity, 0.92);
}

/** A smaller one, at most 800 pixels a side, to show before the whole is fetched. */
export function makeSmall(file: Blob): Promise<Drawn> {
  return draw(file, smallSide, 0.8);
}

/** A square out of a picture: how much it is enlarged, from 1 on, and where it lies, from 0 (left, top) to 1. */
export interface Crop {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

/** Opens a picture to cut a square out of it, upright. It throws where this browser cannot draw it. Close it afterwards. */
export const openPicture = open;

/** Draws the square onto the whole of canvas. */
export function drawCrop(canvas: HTMLCanvasElement, bitmap: ImageBitmap, { zoom, x, y }: Crop): void {
  const size = Math.min(bitmap.width, bitmap.height) / zoom;
  const pen = canvas.getContext('2d');
  if (pen === null) throw new Error('no canvas');
  pen.fillStyle = '#fff'; // behind what one sees through
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.imageSmoothingQuality = 'high';
  pen.drawImage(bitmap, x * (bitmap.width - size), y * (bitmap.height - size), size, size, 0, 0, canvas.width, canvas.height);
}

const avatarSide = 320;

/** The square as a new picture, with its pixels and nothing else. */
export async function cutOut(bitmap: ImageBitmap, crop: Crop): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = avatarSide;
  drawCrop(canvas, bitmap, crop);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.9));
  if (blob === null) throw new Error('the picture is too large to draw');
  return blob;
}

async function draw(file: Blob, side: number, quality: number): Promise<Drawn> {
  const bitmap = await open(file);
  try {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const pen = canvas.getContext('2d');
    if (pen === null) throw new Error('no canvas');
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const type = file.type === 'image/jpeg' ? 'image/jpeg' : 'image/png'; // only a photograph has no holes to see through
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob === null) throw new Error('the picture is too large to draw');
    return { blob, width: canvas.width, height: canvas.height };
  } finally {
    bitmap.close();
  }
}

// A photograph says which side is up; the browser turns it.
function open(file: Blob): Promise<ImageBitmap> {
  return createImageBitmap(file, { imageOrientation: 'from-image' });
}
