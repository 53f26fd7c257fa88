import AgonDatasets
import AgonTensors

/// An image of many samples, row by row in a grid, for people to look at.
public struct SampleGrid: Sendable {
    /// The number of samples in a row; nil makes the grid as square as it can be.
    public var columns: Int?
    /// Pixels between and around the samples.
    public var padding: Int
    /// How many pixels each sample's pixel is high and wide; nil enlarges small samples to about 64 pixels.
    public var scale: Int?
    /// A number for each sample, in a dark strip above it; nil leaves the strips out.
    public var numbers: [Int]?
    /// Columns that belong together: a wider gap follows each such group.
    public var group: Int?

    /// The level of the padding: dark, so that neither black nor white samples run into it.
    private static let paddingLevel: UInt8 = 48
    private static let digitLevel: UInt8 = 255

    public init(columns: Int? = nil, padding: Int = 2, scale: Int? = nil, numbers: [Int]? = nil, group: Int? = nil) {
        precondition(columns ?? 1 > 0 && padding >= 0 && scale ?? 1 > 0 && group ?? 1 > 0, "an impossible grid")
        self.columns = columns
        self.padding = padding
        self.scale = scale
        self.numbers = numbers
        self.group = group
    }

    /// Writes the grid as a PNG that appears whole or not at all.
    ///
    /// - Parameter images: `[N, H, W, C]` in [-1, 1], C being 1 or 3. Other values are clipped, NaN is black.
    ///
    /// Throws: `DatasetError.cannotWrite`.
    public func write(_ images: Tensor, path: String) throws {
        try ImageFile.writePNG(image(of: images), path: path)
    }

    /// The grid as an image: `level = round((value + 1) * 127.5)`.
    public func image(of images: Tensor) -> Image {
        let shape = images.shape
        precondition(
            shape.rank == 4 && shape.count > 0 && (shape[3] == 1 || shape[3] == 3),
            "a grid of \(shape), expected [N, H, W, 1 or 3]")
        precondition(numbers?.count ?? shape[0] == shape[0], "\(numbers?.count ?? 0) numbers for \(shape[0]) samples")
        let layout = Layout(self, images: shape)
        var image = Image(
            shape: layout.shape, pixels: [UInt8](repeating: Self.paddingLevel, count: layout.shape.count))
        for index in 0..<shape[0] {
            let (top, left) = layout.corner(of: index)
            draw(images, index, scale: layout.scale, top: top, left: left, into: &image)
            guard let number = numbers?[index] else { continue }
            // Nearer to its own sample than to the one above.
            DigitGlyphs.draw(
                number, top: top - layout.dot - DigitGlyphs.height * layout.dot, left: left + layout.dot,
                scale: layout.dot, level: Self.digitLevel, into: &image)
        }
        return image
    }

    /// Draws image `index` enlarged.
    private func draw(
        _ images: Tensor, _ index: Int, scale: Int, top: Int, left: Int, into image: inout Image
    ) {
        let (height, width, channels) = (images.shape[1], images.shape[2], images.shape[3])
        for row in 0..<height * scale {
            let from = (index * height + row / scale) * width
            let to = (top + row) * image.shape.width + left
            for column in 0..<width * scale {
                for channel in 0..<channels {
                    image.pixels[(to + column) * channels + channel] =
                        Self.level(images.values[(from + column / scale) * channels + channel])
                }
            }
        }
    }

    private static func level(_ value: Float) -> UInt8 {
        guard value > -1 else { return 0 }
        return value < 1 ? UInt8(((value + 1) * 127.5).rounded()) : 255
    }

    /// Where everything lies, in pixels.
    private struct Layout {
        let scale: Int
        /// The width of a digit's dots.
        let dot: Int
        let shape: ImageShape
        private let columns: Int
        private let padding: Int
        private let strip: Int
        private let cell: (height: Int, width: Int)
        private let group: (columns: Int, gap: Int)

        init(_ grid: SampleGrid, images: Shape) {
            let (count, height, width) = (images[0], images[1], images[2])
            scale = grid.scale ?? max(1, 64 / max(height, width))
            columns = min(grid.columns ?? Self.squareColumns(count), count)
            padding = grid.padding
            dot = min(4, max(2, width * scale / 64))
            strip = grid.numbers == nil ? 0 : (DigitGlyphs.height + 3) * dot
            // Narrow samples stand apart as far as their numbers need.
            let numberWidth = grid.numbers?.map(DigitGlyphs.width).max().map { $0 + 2 } ?? 0
            cell = (height * scale + strip + padding, max(width * scale, numberWidth * dot) + padding)
            group = (grid.group ?? columns, 4 * padding)
            let rows = (count + columns - 1) / columns
            shape = ImageShape(
                height: rows * cell.height + padding,
                width: columns * cell.width + padding + (columns - 1) / group.columns * group.gap,
                channels: images[3])
        }

        /// The upper left corner of a sample.
        func corner(of index: Int) -> (top: Int, left: Int) {
            let column = index % columns
            return (
                padding + index / columns * cell.height + strip,
                padding + column * cell.width + column / group.columns * group.gap
            )
        }

        /// The smallest number whose square holds `count` samples.
        private static func squareColumns(_ count: Int) -> Int {
            var columns = Int(Double(count).squareRoot())
            while columns * columns < count { columns += 1 }
            return columns
        }
    }
}
