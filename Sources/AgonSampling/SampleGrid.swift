import AgonDatasets
import AgonTensors

/// An image of many samples for viewing: images row by row in a grid, points as dots in a plane.
public struct SampleGrid: Sendable {
    /// The modes of point data, and their standard deviation in each direction.
    public typealias Modes = (centres: [[Float]], deviation: Float)

    /// The number of samples per row; nil: as square as possible.
    public var columns: Int?
    /// Pixels between and around the samples; nil: 2, and none around a single sample.
    public var padding: Int?
    /// The integer enlargement of each sample; nil enlarges small samples to about 64 pixels.
    public var scale: Int?
    /// A number for each sample, in a dark strip above an image or beside a point; nil: none.
    public var numbers: [Int]?
    /// The number of columns per group; a wider gap follows each group.
    public var group: Int?
    /// The modes of the points, drawn beneath them.
    public var modes: Modes?

    /// The grey level of the padding: dark, but distinct from black samples.
    private static let paddingLevel: UInt8 = 48
    private static let digitLevel: UInt8 = 255

    public init(
        columns: Int? = nil, padding: Int? = nil, scale: Int? = nil, numbers: [Int]? = nil, group: Int? = nil,
        modes: Modes? = nil
    ) {
        precondition(columns ?? 1 > 0 && padding ?? 0 >= 0 && scale ?? 1 > 0 && group ?? 1 > 0, "an impossible grid")
        self.columns = columns
        self.padding = padding
        self.scale = scale
        self.numbers = numbers
        self.group = group
        self.modes = modes
    }

    /// Writes the grid as a PNG that appears whole or not at all.
    ///
    /// - Parameter samples: images `[N, H, W, C]` in [-1, 1], or points `[N, D]`.
    ///
    /// Throws: `TensorsError.cannotWrite`, `DatasetError.cannotWrite`.
    public func write(_ samples: Tensor, path: String) throws {
        try ImageFile.writePNG(image(of: samples), path: path)
    }

    /// The grid as an image. Images without 1 or 3 channels show their first channel; values are converted to 8
    /// bits by `EightBitImages`.
    public func image(of samples: Tensor) -> Image {
        guard samples.shape.rank == 4 else { return PointPlane(modes: modes, numbers: numbers).image(of: samples) }
        let images = Self.displayable(samples)
        let shape = images.shape
        precondition(shape.count > 0, "a grid of \(shape)")
        precondition(numbers?.count ?? shape[0] == shape[0], "\(numbers?.count ?? 0) numbers for \(shape[0]) samples")
        let layout = Layout(self, images: shape)
        let levels = EightBitImages(images)
        var image = Image(
            shape: layout.shape, pixels: [UInt8](repeating: Self.paddingLevel, count: layout.shape.count))
        for index in 0..<shape[0] {
            let (top, left) = layout.corner(of: index)
            draw(levels, index, scale: layout.scale, top: top, left: left, into: &image)
            guard let number = numbers?[index] else { continue }
            // Closer to its own sample than to the one above.
            DigitGlyphs.draw(
                number, top: top - layout.dot - DigitGlyphs.height * layout.dot, left: left + layout.dot,
                scale: layout.dot, level: Self.digitLevel, into: &image)
        }
        return image
    }

    /// Checks before samples are drawn that a PNG can hold the grid.
    ///
    /// - Parameter sample: the shape of a sample.
    ///
    /// Throws `SamplingError.gridTooLarge`.
    func check(count: Int, sample: Shape, isOfStrips: Bool = false) throws {
        guard sample.rank == 3 else { return }
        let shape = Layout(self, images: Shape([count] + sample.dimensions)).shape
        guard shape.height * shape.width <= ImageFile.largestPixelCount,
            max(shape.height, shape.width) <= ImageFile.longestSide
        else {
            throw SamplingError.gridTooLarge(height: shape.height, width: shape.width, isOfStrips: isOfStrips)
        }
    }

    /// The whole factor by which each sample is enlarged.
    func scale(of samples: Tensor) -> Int {
        guard samples.shape.rank == 4 else { return 1 }
        return scale ?? Self.scale(height: samples.shape[1], width: samples.shape[2])
    }

    /// One column per class; nil for more than 32 classes, and where samples have none.
    static func columns(classes: Int?) -> Int? { classes.flatMap { $0 <= 32 ? $0 : nil } }

    /// The next number of samples that fills whole rows; less than a row stays as it is.
    static func wholeRows(_ count: Int, columns: Int) -> Int {
        count > columns ? (count + columns - 1) / columns * columns : count
    }

    /// Enlarges small images to about 64 pixels, by a whole factor.
    private static func scale(height: Int, width: Int) -> Int { max(1, 64 / max(height, width)) }

    /// Images with one or three channels; of others the first channel.
    static func displayable(_ images: Tensor) -> Tensor {
        let channels = images.shape[3]
        if channels == 1 || channels == 3 { return images }
        var shape = images.shape
        shape[3] = 1
        let values = stride(from: 0, to: images.values.count, by: channels).map { images.values[$0] }
        return Tensor(shape: shape, values: values)
    }

    /// Draws image `index` enlarged.
    private func draw(
        _ images: EightBitImages, _ index: Int, scale: Int, top: Int, left: Int, into image: inout Image
    ) {
        let (height, width, channels) = (images.shape.height, images.shape.width, images.shape.channels)
        for row in 0..<height * scale {
            let from = (index * height + row / scale) * width
            let to = (top + row) * image.shape.width + left
            for column in 0..<width * scale {
                for channel in 0..<channels {
                    image.pixels[(to + column) * channels + channel] =
                        images.pixels[(from + column / scale) * channels + channel]
                }
            }
        }
    }

    /// The layout in pixels.
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
            scale = grid.scale ?? SampleGrid.scale(height: height, width: width)
            columns = min(grid.columns ?? Self.squareColumns(count), count)
            padding = grid.padding ?? (count == 1 && grid.numbers == nil ? 0 : 2)
            dot = min(4, max(2, width * scale / 64))
            strip = grid.numbers == nil ? 0 : (DigitGlyphs.height + 3) * dot
            // Narrow samples are spaced to fit their numbers.
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
