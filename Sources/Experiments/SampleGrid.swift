import Datasets
import Tensors

/// A picture of many samples, row by row in a grid, for people to look at.
public struct SampleGrid: Sendable {
    /// The number of samples in a row; nil makes the grid as square as it can be.
    public var columns: Int?
    /// Pixels between and around the samples.
    public var padding: Int
    /// How many pixels each sample's pixel is high and wide; nil enlarges small samples to about 64 pixels.
    public var scale: Int?

    /// The level of the padding: dark, so that neither black nor white samples run into it.
    private static let paddingLevel: UInt8 = 48

    public init(columns: Int? = nil, padding: Int = 2, scale: Int? = nil) {
        precondition(columns ?? 1 > 0 && padding >= 0 && scale ?? 1 > 0, "an impossible grid")
        self.columns = columns
        self.padding = padding
        self.scale = scale
    }

    /// Writes the grid as a PNG that appears whole or not at all.
    ///
    /// - Parameter images: `[N, H, W, C]` in [-1, 1], C being 1 or 3. Other values are clipped, NaN is black.
    ///
    /// Throws: `DatasetError.cannotWrite`.
    public func write(_ images: Tensor, path: String) throws {
        try PictureFile.writePNG(picture(of: images), path: path)
    }

    /// The grid as a picture: `level = round((value + 1) * 127.5)`.
    public func picture(of images: Tensor) -> Picture {
        let shape = images.shape
        precondition(
            shape.rank == 4 && shape.count > 0 && (shape[3] == 1 || shape[3] == 3),
            "a grid of \(shape), expected [N, H, W, 1 or 3]")
        let (count, height, width, channels) = (shape[0], shape[1], shape[2], shape[3])
        let scale = scale ?? max(1, 64 / max(height, width))
        let columns = min(columns ?? Self.squareColumns(count), count)
        let rows = (count + columns - 1) / columns
        let cell = (height: height * scale + padding, width: width * scale + padding)
        let grid = PictureShape(
            height: rows * cell.height + padding, width: columns * cell.width + padding, channels: channels)
        var pixels = [UInt8](repeating: Self.paddingLevel, count: grid.count)
        for index in 0..<count {
            let top = padding + index / columns * cell.height
            let left = padding + index % columns * cell.width
            for row in 0..<height * scale {
                let from = (index * height + row / scale) * width
                let to = (top + row) * grid.width + left
                for column in 0..<width * scale {
                    for channel in 0..<channels {
                        pixels[(to + column) * channels + channel] =
                            Self.level(images.values[(from + column / scale) * channels + channel])
                    }
                }
            }
        }
        return Picture(shape: grid, pixels: pixels)
    }

    /// The smallest number whose square holds `count` samples.
    private static func squareColumns(_ count: Int) -> Int {
        var columns = Int(Double(count).squareRoot())
        while columns * columns < count { columns += 1 }
        return columns
    }

    private static func level(_ value: Float) -> UInt8 {
        guard value > -1 else { return 0 }
        return value < 1 ? UInt8(((value + 1) * 127.5).rounded()) : 255
    }
}
