import AgonDatasets
import AgonSampling
import Testing

@testable import AgonScoring

@Suite struct ImageResizerTests {
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
