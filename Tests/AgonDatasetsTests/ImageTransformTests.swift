import Testing

@testable import AgonDatasets

@Suite struct ImageTransformTests {
    private func transformed(
        _ transform: ImageTransform, _ image: Image, draws: [UInt32] = [], halves: Int = 1
    ) throws -> Image {
        let scratch = ImageScratch()
        scratch.front = image
        try draws.withUnsafeBufferPointer { try transform.apply(to: scratch, draws: $0, halves: halves) }
        let promised = try transform.outputShape(of: image.shape, halves: halves)
        #expect(scratch.front.shape == promised)
        return scratch.front
    }

    private func image(_ height: Int, _ width: Int, _ channels: Int, _ pixels: [UInt8]) -> Image {
        Image(shape: ImageShape(height: height, width: width, channels: channels), pixels: pixels)
    }

    @Test func mirrorTurnsRowsByTheFirstBit() throws {
        let source = image(2, 3, 1, [1, 2, 3, 4, 5, 6])
        #expect(try transformed(.mirror, source, draws: [0x8000_0000]).pixels == [3, 2, 1, 6, 5, 4])
        #expect(try transformed(.mirror, source, draws: [0x7fff_ffff]).pixels == source.pixels)
        let colours = image(1, 2, 3, [1, 2, 3, 4, 5, 6])
        #expect(try transformed(.mirror, colours, draws: [.max]).pixels == [4, 5, 6, 1, 2, 3])
    }

    @Test func centerCropTakesTheMiddle() throws {
        let source = image(3, 4, 1, Array(1...12))
        #expect(try transformed(.centerCrop(height: 1, width: 2), source).pixels == [6, 7])
        #expect(throws: DatasetError.self) { try transformed(.centerCrop(height: 4, width: 2), source) }
        let framed = ImageTransform.centerCrop(height: 5, width: 2, padding: 1)
        #expect(try transformed(framed, source).pixels == [0, 0, 2, 3, 6, 7, 10, 11, 0, 0])
    }

    @Test func randomCropReachesEveryPlaceAndItsPaddingIsBlack() throws {
        let source = image(2, 2, 1, [1, 2, 3, 4])
        let crop = ImageTransform.randomCrop(height: 2, width: 2, padding: 1)
        #expect(try transformed(crop, source, draws: [0, 0]).pixels == [0, 0, 0, 1])
        #expect(try transformed(crop, source, draws: [.max, .max]).pixels == [4, 0, 0, 0])
        #expect(try transformed(crop, source, draws: [1 << 31, 1 << 31]).pixels == [1, 2, 3, 4])
        #expect(try transformed(crop, source, draws: [0, .max]).pixels == [0, 0, 2, 0])
    }

    /// By `Image.convert("L")` of Pillow 13.0.0.
    @Test func greyIsPillows() throws {
        let source = ResamplingTests.image(4, 5, 3)
        #expect(
            try transformed(.grayscale, source).pixels == [
                78, 66, 99, 87, 120, 108, 141, 130, 163, 151, 184, 172, 55, 88, 76, 109, 97, 131, 119, 152,
            ])
        #expect(try transformed(.rgb, image(1, 2, 1, [7, 9])).pixels == [7, 7, 7, 9, 9, 9])
        #expect(try transformed(.rgb, source) == source)
    }

    @Test func halvesOfAPairAreConvertedApart() throws {
        let source = image(1, 1, 6, [255, 255, 255, 0, 0, 0])
        #expect(try transformed(.grayscale, source, halves: 2).pixels == [255, 0])
    }

    @Test func coverKeepsTheAspect() throws {
        // The middle 2x2 of 2x4, doubled.
        let source = image(2, 4, 1, [0, 10, 20, 0, 0, 30, 40, 0])
        let cover = ImageTransform.resize(height: 4, width: 4, filter: .nearest, fit: .cover)
        #expect(
            try transformed(cover, source).pixels == [10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40])
    }
}
