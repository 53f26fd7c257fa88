import AgonDatasets
import AgonTensors
import Testing

@testable import AgonScoring

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

    @Test func resizerFollowsFromTheSizes() throws {
        func shape(_ side: Int) -> ImageShape { ImageShape(height: side, width: side, channels: 1) }
        #expect(ImageResizer(from: shape(28), to: shape(28)) == .none)
        #expect(ImageResizer(from: shape(64), to: shape(32)) == .halvingMaximum)
        #expect(ImageResizer(from: shape(32), to: shape(28)) == .bilinear)
        #expect(ImageResizer(from: shape(16), to: shape(32)) == .bilinear)
    }

    @Test func halvingKeepsTheLargestOfFour() throws {
        let image = EightBitImages(
            shape: ImageShape(height: 2, width: 4, channels: 2),
            pixels: [1, 50, 2, 40, 9, 0, 8, 0, 3, 30, 4, 20, 7, 0, 6, 1])
        let halved = try ImageResizer.halvingMaximum.resize(
            image, to: ImageShape(height: 1, width: 2, channels: 2))
        #expect(halved.pixels == [4, 50, 9, 1])
    }

    @Test func bilinearKeepsConstantImagesAndTheirOrder() throws {
        let small = ImageShape(height: 12, width: 12, channels: 1)
        let images = EightBitImages(
            shape: small, pixels: [UInt8](repeating: 17, count: 144) + [UInt8](repeating: 200, count: 144))
        let resized = try ImageResizer.bilinear.resize(images, to: ImageShape(height: 9, width: 9, channels: 1))
        #expect(resized.pixels == [UInt8](repeating: 17, count: 81) + [UInt8](repeating: 200, count: 81))
    }
}
