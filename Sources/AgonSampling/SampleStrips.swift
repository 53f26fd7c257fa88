import AgonDatasets
import AgonTensors
import Foundation

extension SampleGrid {
    /// Related images side by side, such as input, output and target, one strip per sample.
    ///
    /// - Parameters:
    ///   - columns: the images `[N, H, W, C]` of each column; C is 1 or 3 and may differ between columns.
    ///   - perRow: strips per row; nil: as square as possible.
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
        let grid = ofStrips(count, columns: images.count, perRow: perRow, height: first[1], width: first[2])
        return grid.image(
            of: Tensor(shape: [count * images.count, first[1], first[2], channels], values: values))
    }

    /// Checks before images are drawn that a PNG can hold their strips.
    ///
    /// - Parameters:
    ///   - count: the number of strips.
    ///   - columns: the number of images in a strip.
    ///   - sample: the shape of an image.
    ///
    /// Throws `SamplingError.gridTooLarge`.
    package static func checkStrips(_ count: Int, columns: Int, perRow: Int? = nil, sample: Shape) throws {
        guard sample.rank == 3, count > 0 else { return }
        try ofStrips(count, columns: columns, perRow: perRow, height: sample[0], width: sample[1])
            .check(count: count * columns, sample: sample, isOfStrips: true)
    }

    /// The grid of strips of images of a height and width.
    private static func ofStrips(_ count: Int, columns: Int, perRow: Int?, height: Int, width: Int) -> SampleGrid {
        let perRow = min(perRow ?? squareStrips(count, height: height, width: width * columns), count)
        return SampleGrid(columns: perRow * columns, padding: 2, group: columns)
    }

    /// Writes strips as a PNG.
    ///
    /// Throws `TensorsError.cannotWrite`, `DatasetError.cannotWrite`.
    package static func writeStrips(_ columns: [Tensor], perRow: Int? = nil, path: String) throws {
        try ImageFile.writePNG(strips(columns, perRow: perRow), path: path)
    }

    /// The number of strips per row that makes the image most nearly square.
    private static func squareStrips(_ count: Int, height: Int, width: Int) -> Int {
        func imbalance(_ perRow: Int) -> Double {
            abs(log(Double(perRow * width) / Double((count + perRow - 1) / perRow * height)))
        }
        return (1...max(count, 1)).min { imbalance($0) < imbalance($1) } ?? 1
    }
}
