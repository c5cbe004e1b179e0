package io.github.ptq4vm.cpu;

/**
 * A square window that moves over a grid one position at a time: what of it lies inside.
 *
 * @param height rows of the grid
 * @param width columns of the grid
 * @param kernel side of the window, odd
 */
public record GridWindow(int height, int width, int kernel) {

  /** Places in the window. */
  int area() {
    return kernel * kernel;
  }

  /**
   * Finds the places that lie inside the grid when the window's middle is at a token, by row and
   * column.
   *
   * @param token row-major position of the middle
   * @param places receives the number of each place in the window, row-major
   * @param tokens receives the token under each of them
   * @return how many there are
   */
  int inside(int token, int[] places, int[] tokens) {
    int top = token / width - kernel / 2;
    int left = token % width - kernel / 2;
    int fromColumn = Math.max(0, -left);
    int toColumn = Math.min(kernel, width - left);
    int count = 0;
    for (int i = Math.max(0, -top); i < Math.min(kernel, height - top); i++) {
      for (int j = fromColumn; j < toColumn; j++) {
        places[count] = i * kernel + j;
        tokens[count] = (top + i) * width + left + j;
        count++;
      }
    }
    return count;
  }
}
