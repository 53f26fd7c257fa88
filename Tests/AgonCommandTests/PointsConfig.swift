/// The config of a training that takes no time: linear networks on points of the plane.
///
/// - Parameter more: further keys with their values, each followed by a comma.
func pointsConfig(steps: Int, _ more: String = "") -> String {
    """
    {"name": "points", "steps": \(steps), "dataset": {"name": "gaussians-8", "count": 64}, "batchSize": 8,
     "latent": {"size": 2}, "objective": "gan", "optimizer": "adam", \(more)
     "generator": {"layers": [{"type": "linear", "features": 2}]},
     "discriminator": {"layers": [{"type": "linear", "features": 1}]}}
    """
}
