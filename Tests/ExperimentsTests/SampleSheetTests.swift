import Datasets
import Tensors
import Testing

@testable import Experiments

@Suite struct SampleSheetTests {
    private let p: UInt8 = 48

    @Test func numbersStandInAStripAboveTheirSamples() {
        let images = Tensor(shape: [2, 1, 1, 1], values: [-1, 1])
        let picture = SampleGrid(columns: 2, padding: 1, scale: 1, numbers: [7, 41]).picture(of: images)
        // Dots of 2 pixels; the widest number is 7 dots with one more on either side: cells of 18 + 1 by 16 + 1 + 1.
        #expect(picture.shape == PictureShape(height: 19, width: 39, channels: 1))
        func dots(left: Int) -> [String] {
            (0..<8).map { row in
                String(
                    (0..<9).map { column in
                        picture.pixels[(1 + 2 * row) * 39 + left + 2 * column] == 255 ? "#" : " "
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
        #expect(picture.pixels[17 * 39 + 1] == 0 && picture.pixels[17 * 39 + 20] == 255)
        // 8 + 22 dots of four pixels, two samples, padding.
        #expect(picture.pixels.count { $0 == 255 } == (7 + 9 + 8) * 4 + 1)
        #expect(picture.pixels.count { $0 == 0 } == 1)
    }

    @Test func everyDigitHasItsOwnGlyph() {
        func glyph(_ digit: Int) -> [UInt8] {
            var picture = Picture(
                shape: PictureShape(height: 5, width: 3, channels: 1), pixels: [UInt8](repeating: 0, count: 15))
            DigitGlyphs.draw(digit, top: 0, left: 0, scale: 1, level: 1, into: &picture)
            return picture.pixels
        }
        #expect(Set((0...9).map(glyph)).count == 10)
        #expect((0...9).allSatisfy { glyph($0).contains(1) })
        #expect(DigitGlyphs.width(of: 0) == 3 && DigitGlyphs.width(of: 100) == 11)
    }

    @Test func glyphsAreCutAtThePicturesEdges() {
        let shape = PictureShape(height: 4, width: 5, channels: 3)
        var picture = Picture(shape: shape, pixels: [UInt8](repeating: 0, count: 60))
        DigitGlyphs.draw(888, top: -2, left: -2, scale: 3, level: 9, into: &picture)
        #expect(picture.pixels.contains(9))
        DigitGlyphs.draw(888, top: 100, left: 3, scale: 1, level: 7, into: &picture)
        #expect(!picture.pixels.contains(7))
    }

    @Test func samplesKeepTheirPixelsBelowNumbers() {
        let images = Tensor(shape: [3, 64, 64, 3], values: (0..<3 * 12288).map { Float($0 % 251) / 125 - 1 })
        let plain = SampleGrid(columns: 3).picture(of: images)
        let numbered = SampleGrid(columns: 3, numbers: [1, 20, 300]).picture(of: images)
        #expect(numbered.shape == PictureShape(height: plain.shape.height + 16, width: plain.shape.width, channels: 3))
        let row = plain.shape.width * 3
        #expect(Array(numbered.pixels[18 * row..<82 * row]) == Array(plain.pixels[2 * row..<66 * row]))
    }

    @Test func stripsHoldTheColumnsSideBySide() {
        let input = Tensor(shape: [2, 64, 64, 1], repeating: -1)
        let output = Tensor(shape: [2, 64, 64, 3], values: (0..<2 * 4096).flatMap { _ in [1, -1, 0] as [Float] })
        let target = Tensor(shape: [2, 64, 64, 1], repeating: 1)
        let picture = SampleSheet.strips([input, output, target])
        // Two strips of three below each other are nearer to a square than side by side.
        #expect(picture.shape == PictureShape(height: 2 * 66 + 2, width: 3 * 66 + 2, channels: 3))
        func pixel(_ row: Int, _ column: Int) -> [UInt8] {
            let start = (row * picture.shape.width + column) * 3
            return Array(picture.pixels[start..<start + 3])
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
        let picture = SampleSheet.strips([column, column, column])
        #expect(picture.shape.width == perRow * 3 * 66 + 2 + (perRow - 1) * 8)
        #expect(picture.shape.height == (count + perRow - 1) / perRow * 66 + 2)
    }

    @Test func stripsSideBySideAreInOrderWithAGapBetween() {
        let first = Tensor(shape: [3, 1, 1, 1], values: [-1, -0.5, 0])
        let second = Tensor(shape: [3, 1, 1, 1], values: [0.5, 0.8, 1])
        let picture = SampleSheet.strips([first, second], perRow: 2)
        // Samples of one pixel are drawn 64 pixels wide.
        #expect(picture.shape == PictureShape(height: 134, width: 4 * 66 + 2 + 8, channels: 1))
        func pixel(_ row: Int, _ column: Int) -> UInt8 { picture.pixels[row * picture.shape.width + column] }
        #expect([2, 68, 142, 208].map { pixel(2, $0) } == [0, 191, 64, 230])
        #expect([2, 68, 142].map { pixel(68, $0) } == [128, 255, p])
        #expect((132..<142).allSatisfy { pixel(2, $0) == p } && pixel(2, 131) == 191)
    }

    @Test func imagesOfOtherChannelsShowTheirFirst() {
        let images = Tensor(shape: [1, 64, 64, 2], values: (0..<4096).flatMap { _ in [1, -1] as [Float] })
        let picture = SampleSheet.strips([images, Tensor(shape: [1, 64, 64, 1], repeating: -1)])
        #expect(picture.shape.channels == 1)
        #expect(picture.pixels.count { $0 == 255 } == 4096 && picture.pixels.count { $0 == 0 } == 4096)
    }

    @Test func pointsHaveTheirNumbersBesideThem() {
        let points = Tensor(shape: [3, 2], values: [0, 0, 1.49, 1.49, 9, 9])
        let plain = SampleSheet().picture(of: points)
        let numbered = SampleSheet(numbers: [1, 88, 3]).picture(of: points)
        #expect(plain.pixels.count { $0 != 255 } == 9 + 9)
        // Eight dots of a one and twice thirteen of an eight, four pixels each; the last point is outside.
        #expect(numbered.pixels.count { $0 == 96 } == (8 + 26) * 4)
    }
}
