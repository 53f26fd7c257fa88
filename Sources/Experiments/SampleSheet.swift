import Datasets
import Tensors

/// A picture of samples: a grid of images, or the plane with a dot for each point.
struct SampleSheet {
    var columns: Int?

    /// Throws `DatasetError.cannotWrite`.
    func write(_ samples: Tensor, path: String) throws {
        if samples.shape.rank == 4 {
            let (images, padding) = (Self.displayable(samples), samples.shape[0] == 1 ? 0 : 2)
            try SampleGrid(columns: columns, padding: padding).write(images, path: path)
        } else {
            try PictureFile.writePNG(Self.plane(samples), path: path)
        }
    }

    /// Images of one or three channels; of others the first one.
    private static func displayable(_ images: Tensor) -> Tensor {
        let channels = images.shape[3]
        if channels == 1 || channels == 3 { return images }
        var shape = images.shape
        shape[3] = 1
        let values = stride(from: 0, to: images.values.count, by: channels).map { images.values[$0] }
        return Tensor(shape: shape, values: values)
    }

    private static let side = 512
    /// The half of the plane's width that is shown.
    private static let reach: Float = 1.5

    /// The first two numbers of each sample as a dot of 3x3 pixels; darker where more dots lie.
    private static func plane(_ points: Tensor) -> Picture {
        let width = points.shape.count / max(points.shape[0], 1)
        var pixels = [UInt8](repeating: 255, count: side * side)
        for point in 0..<points.shape[0] {
            let x = points.values[point * width]
            let y = width > 1 ? points.values[point * width + 1] : 0
            guard abs(x) < reach, abs(y) < reach else { continue }
            let column = Int((x + reach) / (2 * reach) * Float(side))
            let row = Int((reach - y) / (2 * reach) * Float(side))
            for r in max(0, row - 1)...min(side - 1, row + 1) {
                for c in max(0, column - 1)...min(side - 1, column + 1) {
                    pixels[r * side + c] = UInt8(max(0, Int(pixels[r * side + c]) - 64))
                }
            }
        }
        return Picture(shape: PictureShape(height: side, width: side, channels: 1), pixels: pixels)
    }
}
