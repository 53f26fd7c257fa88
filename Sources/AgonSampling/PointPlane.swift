import AgonDatasets
import AgonTensors

/// An image of points: a dot in the plane for each.
struct PointPlane {
    /// The modes of the points, drawn beneath them.
    let modes: SampleGrid.Modes?
    /// A number for each point, drawn beside it.
    let numbers: [Int]?

    private static let side = 512

    /// Half the width of the visible plane: slightly more than the modes cover.
    private var reach: Float {
        modes.map { 1.25 * ($0.centres.joined().map(abs).max() ?? 1) + 3 * $0.deviation } ?? 1.5
    }

    /// The first two numbers of each sample as a dot of 3x3 pixels, darker where dots overlap; the modes as light discs
    /// with a radius of three deviations.
    func image(of points: Tensor) -> Image {
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
            // Near the right edge the number is left of its dot.
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
