import AgonDatasets
import AgonTensors
import Testing

@testable import AgonSampling

@Suite struct SampleSheetTests {
    private let p: UInt8 = 48

    @Test func numbersStandInAStripAboveTheirSamples() {
        let images = Tensor(shape: [2, 1, 1, 1], values: [-1, 1])
        let image = SampleGrid(columns: 2, padding: 1, scale: 1, numbers: [7, 41]).image(of: images)
        // Dots of 2 pixels; the widest number is 7 dots with one more on either side: cells of 18 + 1 by 16 + 1 + 1.
        #expect(image.shape == ImageShape(height: 19, width: 39, channels: 1))
        func dots(left: Int) -> [String] {
            (0..<8).map { row in
                String(
                    (0..<9).map { column in
                        image.pixels[(1 + 2 * row) * 39 + left + 2 * column] == 255 ? "#" : " "
                    })
            }
        }
        #expect(
            dots(left: 1) == [
                "         ", "         ", " ###     ", "   #     ", "  #      ", "  #      ", "  #      ", "         ",
            ])
        #expect(
            dots(left: 20) == [
                "         ", "         ", " # #  #  ", " # # ##  ", " ###  #  ", "   #  #  ", "   # ### ", "         ",
            ])
        #expect(image.pixels[17 * 39 + 1] == 0 && image.pixels[17 * 39 + 20] == 255)
        // 8 + 22 dots of four pixels, two samples, padding.
        #expect(image.pixels.count { $0 == 255 } == (7 + 9 + 8) * 4 + 1)
        #expect(image.pixels.count { $0 == 0 } == 1)
    }

    @Test func everyDigitHasItsOwnGlyph() {
        func glyph(_ digit: Int) -> [UInt8] {
            var image = Image(
                shape: ImageShape(height: 5, width: 3, channels: 1), pixels: [UInt8](repeating: 0, count: 15))
            DigitGlyphs.draw(digit, top: 0, left: 0, scale: 1, level: 1, into: &image)
            return image.pixels
        }
        #expect(Set((0...9).map(glyph)).count == 10)
        #expect((0...9).allSatisfy { glyph($0).contains(1) })
        #expect(DigitGlyphs.width(of: 0) == 3 && DigitGlyphs.width(of: 100) == 11)
    }

    @Test func glyphsAreCutAtTheImagesEdges() {
        let shape = ImageShape(height: 4, width: 5, channels: 3)
        var image = Image(shape: shape, pixels: [UInt8](repeating: 0, count: 60))
        DigitGlyphs.draw(888, top: -2, left: -2, scale: 3, level: 9, into: &image)
        #expect(image.pixels.contains(9))
        DigitGlyphs.draw(888, top: 100, left: 3, scale: 1, level: 7, into: &image)
        #expect(!image.pixels.contains(7))
    }

    @Test func samplesKeepTheirPixelsBelowNumbers() {
        let images = Tensor(shape: [3, 64, 64, 3], values: (0..<3 * 12288).map { Float($0 % 251) / 125 - 1 })
        let plain = SampleGrid(columns: 3).image(of: images)
        let numbered = SampleGrid(columns: 3, numbers: [1, 20, 300]).image(of: images)
        #expect(numbered.shape == ImageShape(height: plain.shape.height + 16, width: plain.shape.width, channels: 3))
        let row = plain.shape.width * 3
        #expect(Array(numbered.pixels[18 * row..<82 * row]) == Array(plain.pixels[2 * row..<66 * row]))
    }

    @Test func stripsHoldTheColumnsSideBySide() {
        let input = Tensor(shape: [2, 64, 64, 1], repeating: -1)
        let output = Tensor(shape: [2, 64, 64, 3], values: (0..<2 * 4096).flatMap { _ in [1, -1, 0] as [Float] })
        let target = Tensor(shape: [2, 64, 64, 1], repeating: 1)
        let image = SampleSheet.strips([input, output, target])
        // Two strips of three below each other are nearer to a square than side by side.
        #expect(image.shape == ImageShape(height: 2 * 66 + 2, width: 3 * 66 + 2, channels: 3))
        func pixel(_ row: Int, _ column: Int) -> [UInt8] {
            let start = (row * image.shape.width + column) * 3
            return Array(image.pixels[start..<start + 3])
        }
        for row in [2, 68 + 63] {
            #expect(pixel(row, 2) == [0, 0, 0])
            #expect(pixel(row, 68) == [255, 0, 128])
            #expect(pixel(row, 134 + 63) == [255, 255, 255])
            #expect(pixel(row, 67) == [p, p, p])
        }
    }

    @Test(arguments: [(1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (12, 2), (48, 4)])
    func manyStripsStandInSeveralColumns(count: Int, perRow: Int) {
        let column = Tensor(shape: [count, 64, 64, 1])
        let image = SampleSheet.strips([column, column, column])
        #expect(image.shape.width == perRow * 3 * 66 + 2 + (perRow - 1) * 8)
        #expect(image.shape.height == (count + perRow - 1) / perRow * 66 + 2)
    }

    @Test func stripsSideBySideAreInOrderWithAGapBetween() {
        let first = Tensor(shape: [3, 1, 1, 1], values: [-1, -0.5, 0])
        let second = Tensor(shape: [3, 1, 1, 1], values: [0.5, 0.8, 1])
        let image = SampleSheet.strips([first, second], perRow: 2)
        // Samples of one pixel are drawn 64 pixels wide.
        #expect(image.shape == ImageShape(height: 134, width: 4 * 66 + 2 + 8, channels: 1))
        func pixel(_ row: Int, _ column: Int) -> UInt8 { image.pixels[row * image.shape.width + column] }
        #expect([2, 68, 142, 208].map { pixel(2, $0) } == [0, 191, 64, 230])
        #expect([2, 68, 142].map { pixel(68, $0) } == [128, 255, p])
        #expect((132..<142).allSatisfy { pixel(2, $0) == p } && pixel(2, 131) == 191)
    }

    @Test func imagesOfOtherChannelsShowTheirFirst() {
        let images = Tensor(shape: [1, 64, 64, 2], values: (0..<4096).flatMap { _ in [1, -1] as [Float] })
        let image = SampleSheet.strips([images, Tensor(shape: [1, 64, 64, 1], repeating: -1)])
        #expect(image.shape.channels == 1)
        #expect(image.pixels.count { $0 == 255 } == 4096 && image.pixels.count { $0 == 0 } == 4096)
    }

    @Test func pointsHaveTheirNumbersBesideThem() {
        let points = Tensor(shape: [3, 2], values: [0, 0, 1.49, 1.49, 9, 9])
        let plain = SampleSheet().image(of: points)
        let numbered = SampleSheet(numbers: [1, 88, 3]).image(of: points)
        #expect(plain.pixels.count { $0 != 255 } == 9 + 9)
        // Eight dots of a one and twice thirteen of an eight, four pixels each; the last point is outside.
        #expect(numbered.pixels.count { $0 == 96 } == (8 + 26) * 4)
    }
}
