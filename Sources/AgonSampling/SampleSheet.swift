import AgonDatasets
import AgonTensors
import Foundation

/// An image of samples: a grid of images, or the plane with a dot for each point.
package struct SampleSheet {
    var columns: Int?
    /// A number for each sample, drawn beside it.
    var numbers: [Int]?
    /// The modes that points were drawn from, shown beneath them.
    var modes: (centres: [[Float]], deviation: Float)?

    package init(
        columns: Int? = nil, numbers: [Int]? = nil, modes: (centres: [[Float]], deviation: Float)? = nil
    ) {
        self.columns = columns
        self.numbers = numbers
        self.modes = modes
    }

    /// Throws `DatasetError.cannotWrite`.
    package func write(_ samples: Tensor, path: String) throws {
        try ImageFile.writePNG(image(of: samples), path: path)
    }

    func image(of samples: Tensor) -> Image {
        guard samples.shape.rank == 4 else { return plane(samples) }
        let padding = samples.shape[0] == 1 && numbers == nil ? 0 : 2
        return SampleGrid(columns: columns, padding: padding, numbers: numbers).image(of: Self.displayable(samples))
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

    // MARK: Strips

    /// The images of one thing side by side, such as input, output and target, in a row for each thing.
    ///
    /// - Parameters:
    ///   - columns: of each column the images `[N, H, W, C]`, C being 1 or 3 and not the same for all.
    ///   - perRow: strips side by side; nil makes the image as square as it can be.
    static func strips(_ columns: [Tensor], perRow: Int? = nil) -> Image {
        precondition(!columns.isEmpty, "strips of nothing")
        let images = columns.map(displayable)
        let first = images[0].shape
        for image in images {
            precondition(
                image.shape.rank == 4 && (0..<3).allSatisfy { image.shape[$0] == first[$0] },
                "strips of \(first) and \(image.shape)")
        }
        let channels = images.contains { $0.shape[3] == 3 } ? 3 : 1
        let (count, size) = (first[0], first[1] * first[2])
        var values: [Float] = []
        values.reserveCapacity(count * images.count * size * channels)
        for index in 0..<count {
            for image in images {
                let own = image.shape[3]
                let pixels = image.values[index * size * own..<(index + 1) * size * own]
                if own == channels {
                    values += pixels
                } else {
                    for grey in pixels { values += [grey, grey, grey] }
                }
            }
        }
        let perRow = min(perRow ?? squareStrips(count, height: first[1], width: first[2] * images.count), count)
        let grid = SampleGrid(columns: perRow * images.count, group: images.count)
        return grid.image(
            of: Tensor(shape: [count * images.count, first[1], first[2], channels], values: values))
    }

    /// Writes strips as a PNG.
    ///
    /// Throws `DatasetError.cannotWrite`.
    static func writeStrips(_ columns: [Tensor], perRow: Int? = nil, path: String) throws {
        try ImageFile.writePNG(strips(columns, perRow: perRow), path: path)
    }

    /// The number of strips in a row that makes the image's sides most alike.
    private static func squareStrips(_ count: Int, height: Int, width: Int) -> Int {
        func imbalance(_ perRow: Int) -> Double {
            abs(log(Double(perRow * width) / Double((count + perRow - 1) / perRow * height)))
        }
        return (1...max(count, 1)).min { imbalance($0) < imbalance($1) } ?? 1
    }

    // MARK: Points

    private static let side = 512

    /// The half of the plane's width that is shown: a little more than the modes take up.
    private var reach: Float {
        modes.map { 1.25 * ($0.centres.joined().map(abs).max() ?? 1) + 3 * $0.deviation } ?? 1.5
    }

    /// The first two numbers of each sample as a dot of 3x3 pixels, darker where more dots lie; the modes as light discs
    /// of three deviations.
    private func plane(_ points: Tensor) -> Image {
        let (side, reach) = (Self.side, reach)
        let width = points.shape.count / max(points.shape[0], 1)
        var image = Image(
            shape: ImageShape(height: side, width: side, channels: 1),
            pixels: [UInt8](repeating: 255, count: side * side))
        drawModes(on: &image)
        for point in 0..<points.shape[0] {
            let x = points.values[point * width]
            let y = width > 1 ? points.values[point * width + 1] : 0
            guard abs(x) < reach, abs(y) < reach else { continue }
            let column = Int((x + reach) / (2 * reach) * Float(side))
            let row = Int((reach - y) / (2 * reach) * Float(side))
            for r in max(0, row - 1)...min(side - 1, row + 1) {
                for c in max(0, column - 1)...min(side - 1, column + 1) {
                    image.pixels[r * side + c] = UInt8(max(0, Int(image.pixels[r * side + c]) - 64))
                }
            }
            guard let number = numbers?[point] else { continue }
            // Near the right edge the number stands to the left of its dot.
            let span = DigitGlyphs.width(of: number) * 2
            let left = column + 4 + span <= side ? column + 4 : column - 3 - span
            let top = min(max(0, row - DigitGlyphs.height), side - 2 * DigitGlyphs.height)
            DigitGlyphs.draw(number, top: top, left: left, scale: 2, level: 96, into: &image)
        }
        return image
    }

    private func drawModes(on image: inout Image) {
        guard let modes else { return }
        let scale = Float(Self.side) / (2 * reach)
        let radius = max(3, 3 * modes.deviation * scale)
        for centre in modes.centres where centre.count >= 2 {
            let (middleColumn, middleRow) = ((centre[0] + reach) * scale, (reach - centre[1]) * scale)
            for row in max(0, Int(middleRow - radius))...min(Self.side - 1, Int(middleRow + radius)) {
                for column in max(0, Int(middleColumn - radius))...min(Self.side - 1, Int(middleColumn + radius)) {
                    let (x, y) = (Float(column) + 0.5 - middleColumn, Float(row) + 0.5 - middleRow)
                    if x * x + y * y <= radius * radius { image.pixels[row * Self.side + column] = 224 }
                }
            }
        }
    }
}
