import AgonDatasets
import AgonTensors
import Testing

@testable import AgonSampling

@Suite struct NumberedGridTests {
    @Test func numbersAreDrawnInAStripAboveTheirSamples() {
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

    @Test func pointsHaveTheirNumbersBesideThem() {
        let points = Tensor(shape: [3, 2], values: [0, 0, 1.49, 1.49, 9, 9])
        let plain = SampleGrid().image(of: points)
        let numbered = SampleGrid(numbers: [1, 88, 3]).image(of: points)
        #expect(plain.pixels.count { $0 != 255 } == 9 + 9)
        // Eight dots of a one and twice thirteen of an eight, four pixels each; the last point is outside.
        #expect(numbered.pixels.count { $0 == 96 } == (8 + 26) * 4)
    }
}
