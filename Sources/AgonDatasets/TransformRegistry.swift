import AgonConfiguration

extension ImageTransform {
    /// The transforms, by their names in configs.
    public static let registry: VariantRegistry<ImageTransform> = {
        let registry = VariantRegistry<ImageTransform>(schemaName: "Transform", noun: "transform")
        registry.register("resize", "Resizes the image; shrinking is antialiased.") { reader in
            let (height, width) = try size(from: reader)
            return .resize(
                height: height, width: width,
                filter: try reader.choice(
                    "filter", default: ResizeFilter.bilinear, "The interpolation between pixels."),
                fit: try reader.choice(
                    "fit", default: Fit.cover, former: Fit.stretch,
                    "Whether the image keeps its aspect ratio and is cropped (cover), or is stretched."))
        }
        registry.register("center-crop", "Crops the centre of the image.") { reader in
            let (height, width) = try size(from: reader)
            return .centerCrop(height: height, width: width)
        }
        registry.register("random-crop", "Crops a random part of the image.") { reader in
            let (height, width) = try size(from: reader)
            return .randomCrop(
                height: height, width: width,
                padding: try reader.integer(
                    "padding", in: 0...4096, default: 0, "Black pixels added around the image before cropping."))
        }
        registry.register("mirror", "Mirrors left to right with probability 1/2.") { _ in .mirror }
        registry.register("grayscale", "Converts to one channel.") { _ in .grayscale }
        registry.register("rgb", "Converts to three channels.") { _ in .rgb }
        return registry
    }()

    /// The transform as stated in a config.
    public var node: ConfigNode {
        var object: ConfigObject = ["type": ConfigNode(name)]
        switch self {
        case .resize(let height, let width, let filter, let fit):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
            object["filter"] = ConfigNode(filter.rawValue)
            object["fit"] = ConfigNode(fit.rawValue)
        case .centerCrop(let height, let width, _):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
        case .randomCrop(let height, let width, let padding):
            object["size"] = [ConfigNode(height), ConfigNode(width)]
            object["padding"] = ConfigNode(padding)
        case .mirror, .grayscale, .rgb: break
        }
        return ConfigNode(object)
    }

    /// The transform without randomness: the centre is cropped instead of a random position, and nothing is mirrored
    /// (nil).
    public var deterministic: ImageTransform? {
        switch self {
        case .randomCrop(let height, let width, let padding):
            .centerCrop(height: height, width: width, padding: padding)
        case .mirror: nil
        default: self
        }
    }

    private static func size(from reader: ConfigReader) throws -> (Int, Int) {
        try reader.integerOrPair("size", in: 1...16384, "Height and width in pixels, or one number for both.")
    }
}
