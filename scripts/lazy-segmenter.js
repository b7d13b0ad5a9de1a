const { Segmenter } = Intl;

/** In the bundle in place of `Intl.Segmenter`: three packages make one as they load, and the first takes 10 ms. */
export class LazySegmenter {
  #options;
  #made;

  constructor(...options) {
    this.#options = options;
  }

  segment(text) {
    this.#made ??= new Segmenter(...this.#options);
    return this.#made.segment(text);
  }
}
