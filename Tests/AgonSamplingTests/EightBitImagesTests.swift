import AgonDatasets
import AgonTensors
import Testing

@testable import AgonSampling

@Suite struct EightBitImagesTests {
    private func images(_ values: [Float], _ shape: Shape) -> EightBitImages {
        EightBitImages(Tensor(shape: shape, values: values))
    }

    @Test func everyLevelOfADatasetComesBack() {
        let levels = (0...255).map { Float($0) / 127.5 - 1 }
        #expect(images(levels, [1, 16, 16, 1]).pixels == (0...255).map { UInt8($0) })
        #expect(images(levels, [1, 16, 16, 1]).tensor.values == levels)
    }

    @Test func whatLiesOutsideIsClipped() {
        let values: [Float] = [-3, -1.0001, 1.0001, 3, .infinity, -.infinity, .nan, 0]
        #expect(images(values, [1, 2, 4, 1]).pixels == [0, 0, 255, 255, 255, 0, 0, 128])
    }

    /// Maps by the range of a batch would move every other pixel.
    @Test func anOutlierMovesNothingElse() {
        let values = (0..<64).map { Float($0) / 64 - 0.5 }
        var loud = values
        loud[10] = 40
        let (quiet, other) = (images(values, [4, 4, 4, 1]).pixels, images(loud, [4, 4, 4, 1]).pixels)
        #expect(quiet.indices.filter { quiet[$0] != other[$0] } == [10])
    }

    @Test func channelsBecomeImagesSideBySide() {
        let colour = EightBitImages(
            shape: ImageShape(height: 1, width: 2, channels: 3), pixels: [1, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16])
        #expect(colour.separatedChannels.pixels == [1, 4, 2, 5, 3, 6, 11, 14, 12, 15, 13, 16])
        #expect(colour.separatedChannels.count == 6)
        #expect(colour.first(1).pixels == [1, 2, 3, 4, 5, 6])
        #expect(colour.first(9).count == 2)
    }
}
