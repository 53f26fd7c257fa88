import AgonConfiguration

extension ImageTransform {
    /// The transforms by their names in configs.
    public static let registry: VariantRegistry<ImageTransform> = {
        let registry = VariantRegistry<ImageTransform>(schemaName: "Transform", noun: "transform")
        registry.register("resize", "To another size; shrinking is antialiased.") { reader in
            let (height, width) = try size(from: reader)
            return .resize(
                height: height, width: width,
                filter: try reader.choice(
                    "filter", default: ResizeFilter.bilinear, "How pixels between the pixels are found."),
                fit: try reader.choice(
                    "fit", default: Fit.cover, former: Fit.stretch,
                    "Whether the image keeps its aspect and is cut to the size (cover), or is stretched to it."))
        }
        registry.register("center-crop", "The middle of the image.") { reader in
            let (height, width) = try size(from: reader)
            return .centerCrop(height: height, width: width)
        }
        registry.register("random-crop", "A part of the image at a random place.") { reader in
            let (height, width) = try size(from: reader)
            return .randomCrop(
                height: height, width: width,
                padding: try reader.integer(
                    "padding", in: 0...4096, default: 0, "Black pixels laid around the image before."))
        }
        registry.register("mirror", "Left and right exchanged in every other image, at random.") { _ in .mirror }
        registry.register("grayscale", "To one channel.") { _ in .grayscale }
        registry.register("rgb", "To three channels.") { _ in .rgb }
        return registry
    }()

    /// The transform as a config states it.
    public var node: ConfigNode {
        var object: ConfigObject = ["type": ConfigNode(name)]
        switch self {
        case .resize(let height, let width, let filter, let fit):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
            object["filter"] = ConfigNode(filter.rawValue)
            object["fit"] = ConfigNode(fit.rawValue)
        case .centerCrop(let height, let width):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
        case .randomCrop(let height, let width, let padding):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
            object["padding"] = ConfigNode(padding)
        case .mirror, .grayscale, .rgb: break
        }
        return ConfigNode(object)
    }

    /// The transform without its random numbers: the middle is cut out instead of a random place, and nothing is
    /// mirrored (nil).
    public var deterministic: ImageTransform? {
        switch self {
        case .randomCrop(let height, let width, _): .centerCrop(height: height, width: width)
        case .mirror: nil
        default: self
        }
    }

    private static func size(from reader: ConfigReader) throws -> (Int, Int) {
        try reader.integerOrPair("size", in: 1...16384, "Height and width in pixels, or one number for both.")
    }
}
